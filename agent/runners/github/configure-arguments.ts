// The command line of `config.sh`; the token is not on it, since every user of the machine can read command lines.
import type { RegisterRequest } from "./enrolment.ts";

/** `replace` only where the name is this very assignment's own from an earlier attempt (actions/runner #4225: labels can leak). */
export const configureArguments = (request: RegisterRequest, replace: boolean): readonly string[] => [
  "--unattended",
  "--url",
  request.url,
  "--name",
  request.name,
  "--labels",
  request.labels.join(","),
  "--no-default-labels",
  ...(request.group === undefined ? [] : ["--runnergroup", request.group]),
  "--disableupdate",
  ...(replace ? ["--replace"] : []),
];
