// The host's own chance.
import { randomBytes } from "node:crypto";
import type { Random } from "../cloud/ports/clock.ts";

export const hostRandom: Random = {
  next: () => Math.random(),
  id: () => randomBytes(10).toString("hex"),
};
