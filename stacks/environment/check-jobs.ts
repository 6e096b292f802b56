// The rules of what runners and jobs are told.
import type { Environment, Problem } from "./environment.ts";

/** Of user data's 16 KB, characters. */
const mostCharacters = 4096;

const hooks: ReadonlySet<string> = new Set(["RUNPOOL_HOOK_STARTED", "RUNPOOL_HOOK_COMPLETED"]);
/** Where a job sees nothing: agent/hosts/systemd/units/runpool-runner@.service. */
const unseen = /^\/((etc|run|var\/lib)\/runpool|home|root|run\/user)(\/|$)/;

/** Who else says a variable, where that is not the operator. */
const sayers: readonly (readonly [RegExp, string])[] = [
  [/^(https?|no)_proxy$|^NODE_USE_ENV_PROXY$/i, "is said by the field proxy"],
  [/^NODE_EXTRA_CA_CERTS$/, "is said by the field privateCa"],
  [/^(HOME|TMPDIR)$/, "is said by runpool: each assignment has its own"],
  [/^(RUNPOOL_|ACTIONS_RUNNER_(HOOK|INPUT)_)/, "is said by runpool; hooks are RUNPOOL_HOOK_STARTED and _COMPLETED"],
  [/^GITHUB_/, "is said by GitHub's runner"],
  [/^(EXIT_(CODE|STATUS)|SERVICE_RESULT|MONITOR_.*|INVOCATION_ID|NOTIFY_SOCKET|LISTEN_.*)$/, "is said by systemd"],
];

/**
 * What is no fact but code, or the way to it: read by the loader, by shells and interpreters before the program itself says a word. The
 * runner's unit has commands of root too, and the runner and hooks are programs of ours.
 */
const runsCode =
  /^(PATH|LD_.*|GLIBC_TUNABLES|GCONV_PATH|LOCPATH|BASH_ENV|BASHOPTS|SHELLOPTS|IFS|PS4|PROMPT_COMMAND|CDPATH|GLOBIGNORE|NODE_(OPTIONS|PATH|REPL_EXTERNAL_MODULE)|PERL5?(LIB|OPT|DB)|PYTHON(PATH|HOME|STARTUP)|RUBY(OPT|LIB)|(DOTNET|CORECLR|COR|COMPLUS)_(STARTUP_HOOKS|ADDITIONAL_DEPS|SHARED_STORE|ENABLE_PROFILING|PROFILER.*))$/i;

function ruleOf(name: string, value: string): string | undefined {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return "is no name of a variable: letters, digits and _";
  const [, sayer] = (hooks.has(name) ? undefined : sayers.find(([pattern]) => pattern.test(name))) ?? [];
  if (sayer !== undefined) return sayer;
  if (runsCode.test(name))
    return "decides which code a program runs, the machine's own too: keep programs in /usr/local/bin of the image, and let the step that wants such a variable set it";
  if (/\p{Cc}/u.test(value)) return "has line ends or other control characters";
  if (!hooks.has(name) && name !== "RUNNER_TOOL_CACHE") return undefined;
  if (!value.startsWith("/")) return "must be an absolute path";
  return unseen.test(value) ? `${value} is where jobs see nothing` : undefined;
}

export function problemsOfJobs({ runnerEnvironment }: Environment): readonly Problem[] {
  const problems: Problem[] = [];
  for (const [name, value] of Object.entries(runnerEnvironment)) {
    const rule = ruleOf(name, value);
    if (rule !== undefined) problems.push([`runnerEnvironment.${name}`, rule]);
  }
  const characters = Object.entries(runnerEnvironment).flat().join("").length;
  if (characters > mostCharacters)
    problems.push(["runnerEnvironment", `has ${characters} characters; at most ${mostCharacters} fit into user data`]);
  return problems;
}
