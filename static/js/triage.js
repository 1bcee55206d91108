// @ts-check
/** The triage page. */
import { openHeader } from "./header.js";
