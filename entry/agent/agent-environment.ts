// The agent's settings, as its unit's environment file names them: parsed once, here.
import * as z from "zod/mini";
import type { ForgeHome } from "../../domain/configuration.ts";
import { environmentName } from "../../domain/names.ts";
import { limits } from "../../domain/limits.ts";

const text = z.string().check(z.minLength(1));
const milliseconds = z.pipe(
  z.string().check(z.regex(/^\d{1,12}$/)),
  z.transform((digits: string) => Number(digits)),
);
const list = z.pipe(
  z.string(),
  z.transform((words: string) => words.split(/[\s,]+/).filter((word) => word !== "")),
);

/** `partition=owner`, by blanks. */
const owners = z.pipe(
  list,
  z.transform((words: string[]): Record<string, string> =>
    Object.fromEntries(words.map((word) => word.split("=", 2) as [string, string])),
  ),
);

const schema = z.object({
  /** Where runners run: as plain processes, or in systemd's units (set by runpool-agent.service). */
  RUNPOOL_HOST: z._default(z.enum(["processes", "systemd"]), "processes"),
  RUNPOOL_ENVIRONMENT: z.string().check(z.regex(environmentName)),
  /** The runner's distribution, unpacked. */
  RUNPOOL_RUNNER: text,
  RUNPOOL_STATE: text,
  /** One folder an assignment is made in it. */
  RUNPOOL_WORK: text,
  /** The folder of the job hooks (agent/runners/github/units). */
  RUNPOOL_HOOKS: text,
  RUNPOOL_PATH: z._default(z.string(), "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
  /** A file with the pre-runner script; none: nothing is run. */
  RUNPOOL_PRE_RUNNER: z._default(z.string(), ""),
  RUNPOOL_BOOT_MS: z._default(milliseconds, limits.bootMs),
  /** Where its runners may register: the server, and the organisation or enterprise of all of them, or the owners of named partitions. */
  RUNPOOL_FORGE_SERVER: z._default(z.string().check(z.regex(/^https?:\/\/[^/\s]+$/)), "https://github.com"),
  RUNPOOL_FORGE_SCOPE: z._default(z.string(), ""),
  RUNPOOL_FORGE_OWNERS: z._default(owners, {}),
  RUNPOOL_RUNNER_GROUP: z._default(z.string(), ""),
  RUNPOOL_ANY_RUNS_JOBS: z._default(z.enum(["true", "false"]), "false"),
  AWS_EC2_METADATA_SERVICE_ENDPOINT: z._default(z.string(), "http://169.254.169.254"),
});
export type AgentEnvironment = z.infer<typeof schema>;

/** Throws with every problem, by the variable's name. */
export function parseAgentEnvironment(environment: Readonly<Record<string, string | undefined>>): AgentEnvironment {
  const parsed = schema.safeParse(environment);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  throw new Error(`the agent's environment is wrong:\n${problems.join("\n")}`);
}

export const forgeHome = (settings: AgentEnvironment): ForgeHome => ({
  serverUrl: settings.RUNPOOL_FORGE_SERVER,
  ...(settings.RUNPOOL_FORGE_SCOPE === "" ? {} : { scope: settings.RUNPOOL_FORGE_SCOPE }),
  owners: settings.RUNPOOL_FORGE_OWNERS,
});
