// Secrets that the action reads or writes are masked as they pass: whatever quotes them later, the log does not show them.
import { setSecret } from "@actions/core";
import type { Secrets } from "../../cloud/ports/secrets.ts";

/** A mask hides its text wherever it stands: the braces and the ends of a key's frame say nothing, and would be missed. */
const leastMasked = 8;

/** The token itself; for an App only its key, since its id is not secret. */
async function secretOf(value: string): Promise<string> {
  const { parseForgeCredential } = await import("../forge-credential.ts");
  const parsed = parseForgeCredential(value);
  // Something else, or broken: all of it.
  if (!parsed.ok) return value;
  return parsed.auth.kind === "token" ? parsed.auth.token : parsed.auth.privateKey;
}

/** Line by line: what prints a key prints lines ("Masking a value in a log" of GitHub's workflow commands). */
async function mask(value: string): Promise<void> {
  for (const line of (await secretOf(value)).split(/\r?\n|\\n/)) {
    const text = line.trim();
    if (text.length >= leastMasked && !text.startsWith("-----")) setSecret(text);
  }
}

export const masked = (kept: Secrets): Secrets => ({
  read: async (name) => {
    const found = await kept.read(name);
    if (found !== undefined) await mask(found.value);
    return found;
  },
  write: async (name, value) => {
    await mask(value);
    await kept.write(name, value);
  },
});
