// @ts-check
/** The train page. */
import { openHeader } from "./header.js";
