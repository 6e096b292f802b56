// The proxy of a process, where Node.js is told to go by it.
import type { WaysOut } from "../cloud/aws/client-options.ts";

/** Undefined where there is none, or where `NODE_USE_ENV_PROXY` does not say so, by which Node.js's own clients go. */
export const waysOut = (): WaysOut | undefined => (process.env["NODE_USE_ENV_PROXY"] === "1" ? process.env : undefined);
