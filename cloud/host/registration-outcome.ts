// Why `config.sh` or a listener failed, told from its words: each cause asks for something else.
import type { RegisterOutcome } from "../agent-ports.ts";

export type RegisterCause = Extract<RegisterOutcome, { kind: "failed" }>["cause"];

/**
 * The texts of actions/runner (src/Runner.Listener): `Http response code: <HttpStatusCode> from 'POST <url>'` and `A runner exists
 * with the same name` in ConfigurationManager.cs; `Invalid configuration provided for <name>` in PromptManager.cs; version and
 * session texts in BrokerMessageListener.cs and MessageListener.cs; the rest are .NET's own for sockets, TLS and HTTP.
 * The first that matches decides, so what is more particular comes first.
 */
const causes: readonly (readonly [RegisterCause, RegExp])[] = [
  [
    "version",
    /runner version .*(deprecated|too old|not supported)|version .*(is deprecated|cannot (receive|be registered))|minimum version/i,
  ],
  ["name-taken", /a runner exists with the same name|a runner with the name .* already exists/i],
  // GitHub answers NotFound to a token that is unknown, used for another repository, or expired.
  [
    "token",
    /http response code: (notfound|unauthorized) from 'post [^']*runner-registration'|invalid configuration provided for token|bad credentials|token (has )?expired/i,
  ],
  [
    "network",
    /http response code: (requesttimeout|toomanyrequests|internalservererror|badgateway|serviceunavailable|gatewaytimeout|5\d\d)/i,
  ],
  [
    "network",
    /(name or service not known|no such host|temporary failure in name resolution|resource temporarily unavailable|connection (refused|reset|timed out)|network is unreachable|no route to host|broken pipe|econn(refused|reset)|etimedout|enotfound|eai_again|fetch failed)/i,
  ],
  [
    "network",
    /(an error occurred while sending the request|ssl connection could not be established|httpclient\.timeout|response ended prematurely|task was canceled|request was canceled|socket hang up)/i,
  ],
  // Another listener's session outlives its death for some minutes: trying again later helps.
  ["network", /a session for this runner already exists|session conflict|already has an active session/i],
  [
    "refused",
    /http response code: \w+ from|could not find any self-hosted runner group|invalid configuration provided for|registration has been deleted from the server|clock may be out of sync|must not run with sudo|access denied|forbidden|not authorized/i,
  ],
];

/** `lines` are the last words, without secrets. */
export function causeOf(lines: readonly string[]): RegisterCause {
  const text = lines.join("\n");
  return causes.find(([, pattern]) => pattern.test(text))?.[0] ?? "other";
}

/** What a failure is reported as: its cause, and its last lines after a word on what failed. */
export const failureOf = (what: string, lines: readonly string[], cause = causeOf(lines)): RegisterOutcome => ({
  kind: "failed",
  cause,
  detail: [what, ...lines].join("\n"),
});
