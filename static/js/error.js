// @ts-check
/** An error page: only the header lives. */
import { Api } from "./api.js";
import { openStorage, readConfig } from "./dom.js";
import { openHeader, readModel } from "./header.js";

const api = new Api();
openHeader(api, readConfig(), openStorage());
void readModel(api);
