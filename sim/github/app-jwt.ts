// Verifies an App's JSON web token as GitHub does: RS256 signature, issuer, issue time, at most ten minutes of life.
import { verify } from "node:crypto";
import type { EpochMs } from "../../cloud/ports/clock.ts";
import { GithubRefusal } from "./call.ts";
import type { App } from "./credentials.ts";

/** GitHub refuses tokens that live longer (Generating a JSON Web Token for a GitHub App). */
const longestLifeS = 600;
/** What GitHub forgives a clock that runs ahead. */
const skewS = 5;

const unreadable = (): GithubRefusal => new GithubRefusal(401, "A JSON web token could not be decoded");

/** The App that signed the token. Throws GitHub's 401, or 404 `Integration not found` for an unknown issuer. */
export function verifyAppJwt(token: string, now: EpochMs, findApp: (issuer: string) => App | undefined): App {
  const [head, payload, signature] = token.split(".");
  if (head === undefined || payload === undefined || signature === undefined) throw unreadable();
  const claims = decode(payload);
  if (decode(head)["alg"] !== "RS256") throw unreadable();
  const app = findApp(String(claims["iss"]));
  if (app === undefined) throw new GithubRefusal(404, "Integration not found");
  const signed = Buffer.from(`${head}.${payload}`);
  if (!verify("RSA-SHA256", signed, app.publicKey, Buffer.from(signature, "base64url"))) throw unreadable();
  checkTimes(claims, Math.floor(now / 1000));
  return app;
}

function checkTimes(claims: Record<string, unknown>, nowS: number): void {
  const { iat, exp } = claims;
  if (typeof exp !== "number" || exp <= nowS) {
    const words =
      "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires";
    throw new GithubRefusal(401, words);
  }
  if (exp > nowS + longestLifeS + skewS)
    throw new GithubRefusal(401, "'Expiration time' claim ('exp') is too far in the future");
  if (typeof iat !== "number" || iat > nowS + skewS) {
    const words = "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued";
    throw new GithubRefusal(401, words);
  }
}

function decode(part: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
    if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  } catch {
    // Falls through: not JSON is the same as not an object.
  }
  throw unreadable();
}
