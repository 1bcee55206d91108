// @ts-check
/** The models page. */
import { openHeader } from "./header.js";
