// @ts-check
/** The predict page. */
import { openHeader } from "./header.js";
