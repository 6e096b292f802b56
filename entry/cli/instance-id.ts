// An instance's id, as the commands that are about one take it.
import * as z from "zod/mini";

export const instanceId = z
  .string()
  .check(z.regex(/^i-[0-9a-f]{8,17}$/, "it is an EC2 instance id, e.g. i-0123456789abcdef0"));
