// By what a runner registers at GitHub: where, as what, and with a secret of its partition or of this one assignment.
import type { Secrets } from "../../../cloud/ports/secrets.ts";
import { OutOfReach } from "../../../cloud/ports/outcomes.ts";
import type { Assigned, EnrolFailed } from "../../../cloud/ports/runner.ts";
import { registrationScope, type ForgeHome } from "../../../domain/configuration.ts";
import {
  jitConfigurationParameter,
  registrationTokenParameter,
  removalTokenParameter,
  runnerName,
} from "../../../domain/names.ts";
import { runOf } from "../../../domain/owner.ts";
import type { Registration } from "../../../domain/record.ts";

export interface EnrolmentOptions {
  readonly environment: string;
  /** Of the machine, by its metadata. */
  readonly account: string;
  readonly region: string;
  readonly instanceId: string;
  /** Where it may register, by its machine's user data. */
  readonly forge: ForgeHome;
  /** The runner group that its runners are put into; absent: the default one. */
  readonly runnerGroup?: string;
  /** Jobs of any run may run here: for shared labels. Otherwise only those of the run that owns the instance. */
  readonly anyRunsJobs: boolean;
  readonly secrets: Pick<Secrets, "read">;
}

export interface RegisterRequest {
  readonly assignment: number;
  readonly partition: string;
  readonly name: string;
  /** The scope's address: `https://github.com/OWNER/REPO`. */
  readonly url: string;
  readonly labels: readonly string[];
  /** The runner group to put it into; absent: the scope's default group. */
  readonly group?: string;
  /** By the partition's token; or by a just-in-time configuration, made at GitHub for this instance and assignment and good for one job. */
  readonly kind: "token" | "jit";
  /** The registration token, or the encoded configuration. */
  readonly secret: string;
  /** Ids of the runs whose jobs may run here; absent: any run's (shared labels). A stranger's job fails before its first step. */
  readonly onlyRuns?: readonly string[];
}

export interface Enrolment {
  requestOf(record: Assigned): Promise<RegisterRequest | EnrolFailed>;
  /** Undefined where it cannot be had: then the registration is left to refresh. */
  removalToken(partition: string): Promise<string | undefined>;
}

const refused = (detail: string): EnrolFailed => ({ kind: "failed", cause: "refused", detail });

/** GitHub has forgotten a runner that was made by such a configuration after its one job. */
export const isForOneJob = ({ kind }: Registration): boolean => kind === "jit";

async function requestOf(options: EnrolmentOptions, record: Assigned): Promise<RegisterRequest | EnrolFailed> {
  const { assignment, owner, partition } = record;
  const runId = runOf(owner)?.runId;
  const registration = record.registration?.[0];
  if (registration === undefined) return refused("the record names no registration");
  const { kind, labels } = registration;
  // Before the secret is read: else a record could have it used elsewhere. The server is the machine's own setting.
  const scope = registrationScope(options.forge, partition);
  if (registration.forge !== "github" || registration.scope !== scope)
    return refused(
      `the record says to register at ${registration.forge} ${registration.scope}; instances of partition ${partition} register at github ${scope}: no token was read`,
    );
  if (kind !== "token" && kind !== "jit") return refused(`GitHub has no way to enrol called "${kind}"`);
  const secret = await secretOf(options, record, kind);
  if (typeof secret !== "string") return secret;
  const name = runnerName(options, options.instanceId, assignment);
  const url = `${options.forge.serverUrl}/${scope}`;
  // Run ids are public: any workflow of the repository may write another's into `runs-on`. What works for no run is for no run's jobs.
  const own = runId === undefined ? [] : [runId];
  const onlyRuns = options.anyRunsJobs ? {} : { onlyRuns: own };
  const group = options.runnerGroup === undefined ? {} : { group: options.runnerGroup };
  return { assignment, partition, name, url, labels, kind, secret, ...group, ...onlyRuns };
}

/**
 * What the runner registers by. A just-in-time configuration may be written a moment after the claim that it is for, since its name holds
 * the assignment: so one that is not there is tried again like a token. A missing parameter has no tag that lets the instance in:
 * AWS answers AccessDenied, as for another instance's.
 */
async function secretOf(
  { secrets, environment, instanceId }: EnrolmentOptions,
  { assignment, partition }: Assigned,
  kind: RegisterRequest["kind"],
): Promise<string | EnrolFailed> {
  if (kind === "token") {
    const parameter = registrationTokenParameter(environment, partition);
    const token = await secrets.read(parameter);
    if (token !== undefined) return token.value;
    const detail = `no registration token in SSM under ${parameter}: has refresh run?`;
    return { kind: "failed", cause: "token", detail };
  }
  const parameter = jitConfigurationParameter(environment, instanceId, assignment);
  const missing = `no just-in-time configuration in SSM under ${parameter}, or none that is tagged for this instance`;
  try {
    return (await secrets.read(parameter))?.value ?? { kind: "failed", cause: "token", detail: missing };
  } catch (error) {
    if (error instanceof OutOfReach) throw error;
    return { kind: "failed", cause: "token", detail: `${missing}: ${String(error)}` };
  }
}

export const githubEnrolment = (options: EnrolmentOptions): Enrolment => ({
  requestOf: (record) => requestOf(options, record),
  removalToken: (partition) =>
    options.secrets.read(removalTokenParameter(options.environment, partition)).then(
      (found) => found?.value,
      () => undefined,
    ),
});
