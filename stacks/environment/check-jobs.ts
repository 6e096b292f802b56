// Rules for the variables of runners and jobs.
import type { Environment, Problem } from "./environment.ts";

/** Characters; user data has 16 KB. */
const mostCharacters = 4096;

const hooks: ReadonlySet<string> = new Set(["RUNPOOL_HOOK_STARTED", "RUNPOOL_HOOK_COMPLETED"]);
/** Not visible to jobs: agent/hosts/systemd/units/runpool-runner@.service. */
const unseen = /^\/((etc|run|var\/lib)\/runpool|home|root|run\/user)(\/|$)/;

/** Variables that are not the operator's to set. */
const setters: readonly (readonly [RegExp, string])[] = [
  [/^(https?|no)_proxy$|^NODE_USE_ENV_PROXY$/i, "is set by the field proxy"],
  [/^NODE_EXTRA_CA_CERTS$/, "is set by the field privateCa"],
  [/^(HOME|TMPDIR)$/, "is set by runpool for each assignment"],
  [/^(RUNPOOL_|ACTIONS_RUNNER_(HOOK|INPUT)_)/, "is reserved by runpool; hooks are RUNPOOL_HOOK_STARTED and _COMPLETED"],
  [/^GITHUB_/, "is set by GitHub's runner"],
  [/^(EXIT_(CODE|STATUS)|SERVICE_RESULT|MONITOR_.*|INVOCATION_ID|NOTIFY_SOCKET|LISTEN_.*)$/, "is set by systemd"],
];

/**
 * Variables by which the loader, shells and interpreters choose code to run. The runner's unit runs commands as root too, and the runner and
 * hooks are programs of ours.
 */
const runsCode =
  /^(PATH|LD_.*|GLIBC_TUNABLES|GCONV_PATH|LOCPATH|BASH_ENV|BASHOPTS|SHELLOPTS|IFS|PS4|PROMPT_COMMAND|CDPATH|GLOBIGNORE|NODE_(OPTIONS|PATH|REPL_EXTERNAL_MODULE)|PERL5?(LIB|OPT|DB)|PYTHON(PATH|HOME|STARTUP)|RUBY(OPT|LIB)|(DOTNET|CORECLR|COR|COMPLUS)_(STARTUP_HOOKS|ADDITIONAL_DEPS|SHARED_STORE|ENABLE_PROFILING|PROFILER.*))$/i;

function ruleOf(name: string, value: string): string | undefined {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return "is not a valid variable name: use letters, digits and _";
  const [, setter] = (hooks.has(name) ? undefined : setters.find(([pattern]) => pattern.test(name))) ?? [];
  if (setter !== undefined) return setter;
  if (runsCode.test(name))
    return "decides which code programs run, including the machine's own: put programs into /usr/local/bin of the image, and set the variable in the step that needs it";
  if (/\p{Cc}/u.test(value)) return "contains line breaks or other control characters";
  if (!hooks.has(name) && name !== "RUNNER_TOOL_CACHE") return undefined;
  if (!value.startsWith("/")) return "must be an absolute path";
  return unseen.test(value) ? `${value} is not visible to jobs` : undefined;
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
