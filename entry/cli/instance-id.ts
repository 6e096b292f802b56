// An instance's id, as the commands that are about one take it.
import type { Accepts } from "./command.ts";

export const instanceId: Accepts = {
  pattern: /^i-[0-9a-f]{8,17}$/,
  words: "it is an EC2 instance id, e.g. i-0123456789abcdef0",
};
