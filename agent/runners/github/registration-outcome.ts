// Why `config.sh` or a listener failed, by the words that it wrote: each cause asks for something else.
import type { FailureCause } from "../../../domain/record.ts";
import type { EnrolFailed } from "../../../cloud/ports/runner.ts";

/**
 * The texts of actions/runner (src/Runner.Listener and below), each with the line that says it. The lines, FILE.cs:N, are those of a public
 * fork of it, google-ml-infra/runner at commit 5f591b71fdb2e237611df6596c99aae7874c6bcd; upstream's files lack the fork's licence, the
 * first 14 lines of each. What names no line is .NET's own for sockets, TLS and HTTP, or GitHub's reply, passed on as it comes.
 * The first that matches decides, so what is more particular comes first.
 */
const causes: readonly (readonly [FailureCause, RegExp])[] = [
  // "Runner version v… is deprecated and cannot receive messages.": BrokerHttpClient.cs:150, printed by Program.cs:156-161.
  [
    "version",
    /runner version .*(deprecated|too old|not supported)|version .*(is deprecated|cannot (receive|be registered))|minimum version/i,
  ],
  // ConfigurationManager.cs:293 as a line, :349 as the failure; the second is GitHub's reply to a configuration that is made there.
  ["name-taken", /a runner exists with the same name|a runner with the name .* already exists/i],
  // GitHub answers NotFound to a token that is unknown, used for another repository, or expired (ConfigurationManager.cs:882-885; without
  // any token PromptManager.cs:94).
  [
    "token",
    /http response code: (notfound|unauthorized) from 'post [^']*runner-registration'|invalid configuration provided for token|bad credentials|token (has )?expired/i,
  ],
  // GitHub's reply to too many requests, 403 or 429: ConfigurationManager.cs:882-885 prints the status, and the body with the words
  // (GitHub REST, "Rate limits").
  ["rate-limit", /http response code: toomanyrequests|rate limit|abuse detection mechanism/i],
  // ConfigurationManager.cs:882-885, after the last of its three attempts (888).
  [
    "network",
    /http response code: (requesttimeout|internalservererror|badgateway|serviceunavailable|gatewaytimeout|5\d\d)/i,
  ],
  [
    "network",
    /(name or service not known|no such host|temporary failure in name resolution|resource temporarily unavailable|connection (refused|reset|timed out)|network is unreachable|no route to host|broken pipe|econn(refused|reset)|etimedout|enotfound|eai_again|fetch failed)/i,
  ],
  [
    "network",
    /(an error occurred while sending the request|ssl connection could not be established|httpclient\.timeout|response ended prematurely|task was canceled|request was canceled|socket hang up)/i,
  ],
  // Another listener's session outlives its death for some minutes: trying again later helps (BrokerMessageListener.cs:479 and 486).
  ["network", /a session for this runner already exists|session conflict|already has an active session/i],
  // ConfigurationManager.cs:882-885 with any other status, and :259 (group); PromptManager.cs:94; BrokerMessageListener.cs:204 and 215
  // (deleted), 501 (clock), as ConfigurationManager.cs:478; "sudo" is config.sh's.
  [
    "refused",
    /http response code: \w+ from|could not find any self-hosted runner group|invalid configuration provided for|registration has been deleted from the server|clock may be out of sync|must not run with sudo|access denied|forbidden|not authorized/i,
  ],
];

/** `lines` are the last words, without secrets. */
export function causeOf(lines: readonly string[]): FailureCause {
  const text = lines.join("\n");
  return causes.find(([, pattern]) => pattern.test(text))?.[0] ?? "other";
}

/** What a failure is reported as: its cause, and its last lines after a word on what failed. */
export const failureOf = (what: string, lines: readonly string[], cause = causeOf(lines)): EnrolFailed => ({
  kind: "failed",
  cause,
  detail: [what, ...lines].join("\n"),
});
