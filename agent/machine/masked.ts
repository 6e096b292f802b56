// Secrets out of what other programs say, before it reaches a log, a signal or an error.

/** GitHub's own tokens by their prefixes, JWTs, and what follows an authorization scheme. */
const lookLikeSecrets = [
  /\b(?:gh[pousr]_|github_pat_|glrt-|glpat-)[A-Za-z0-9_-]{10,}/g,
  /\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*/g,
  /\b(RemoteAuth|Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}/gi,
];

/** The text with every given secret, and everything that looks like one, replaced by `***`. */
export function masked(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of secrets) if (secret.length >= 4) clean = clean.replaceAll(secret, "***");
  for (const pattern of lookLikeSecrets)
    clean = clean.replaceAll(pattern, (_whole, scheme: unknown) =>
      typeof scheme === "string" ? `${scheme} ***` : "***",
    );
  return clean;
}
