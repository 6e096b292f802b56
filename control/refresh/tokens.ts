// What instances enrol by: made by refresh, kept as SecureStrings, read by the agents of its partition.
import type { EpochMs } from "../../cloud/ports/clock.ts";
import { limits } from "../../domain/limits.ts";
import { forgeScopeOf, partitionOf, type Configuration } from "../../domain/configuration.ts";
import type { Problem } from "../../domain/reasons.ts";
import { lastSignalOf, type InstanceRecord } from "../../domain/record.ts";
import { isAmong } from "../pool/reasons.ts";
import type { ControlWorld } from "../world.ts";

export interface TokensRenewed {
  readonly renewed: readonly string[];
  readonly problems: readonly Problem[];
  /** When the oldest registration token that is held was written; absent where none is, or none could be read. */
  readonly oldestAt?: EpochMs;
}

/** What two looks came to, each thing once; what is held is as the later one saw it. */
const both = (one: TokensRenewed, other: TokensRenewed): TokensRenewed => ({
  ...other,
  renewed: [...new Set([...one.renewed, ...other.renewed])],
  problems: [...one.problems, ...other.problems.filter((problem) => !isAmong(one.problems, problem))],
});

/** Every partition that may have instances, the retired ones too, each with the place where its runners are registered. */
export const partitionScopes = (configuration: Configuration): ReadonlyMap<string, string> =>
  new Map([...Object.entries(configuration.kept?.partitions ?? {}), ...scopesInUse(configuration)]);

/** Partitions that a repository is in, likewise: those of which instances are created. */
export function scopesInUse(configuration: Configuration): ReadonlyMap<string, string> {
  const scopes = new Map<string, string>();
  for (const repository of configuration.forge.repositories)
    scopes.set(partitionOf(configuration, repository), forgeScopeOf(configuration, repository));
  return scopes;
}

/** Of each partition, when an agent last said that its registration token is refused: epoch ms. A moment from the future is not believed. */
function tokensRefused(records: readonly InstanceRecord[], now: EpochMs): ReadonlyMap<string, EpochMs> {
  const refused = new Map<string, EpochMs>();
  for (const record of records) {
    const signal = lastSignalOf(record);
    if (signal?.kind !== "register-failed" || signal.cause !== "token") continue;
    if (signal.at <= now + limits.aheadMs)
      refused.set(record.partition, Math.max(signal.at, refused.get(record.partition) ?? 0));
  }
  return refused;
}

/**
 * Renews each token at half of its life, and one that instances register by at once where it was refused since it was written: until then
 * every instance of the partition would be bought in vain. One that cannot be renewed is a problem that names the partition.
 */
export async function renewTokens(
  world: Pick<ControlWorld, "secrets" | "forge" | "clock" | "log">,
  configuration: Configuration,
  dryRun: boolean,
  refused: ReadonlyMap<string, EpochMs> = new Map(),
): Promise<TokensRenewed> {
  const renewed: string[] = [];
  const problems: Problem[] = [];
  const written: EpochMs[] = [];
  for (const [partition, scope] of partitionScopes(configuration)) {
    const { environment } = configuration;
    for (const { name, make, registers } of await world.forge.enrol({ environment, partition, scope })) {
      const refusedAt = registers ? (refused.get(partition) ?? 0) : 0;
      let writtenAt: EpochMs | undefined;
      try {
        const held = await world.secrets.read(name);
        writtenAt = held?.writtenAt;
        const young = held !== undefined && world.clock.now() - held.writtenAt < limits.tokenRenewMs;
        if (young && refusedAt <= held.writtenAt) continue;
        if (!dryRun) {
          await world.secrets.write(name, (await make()).token);
          writtenAt = world.clock.now();
        }
        renewed.push(name);
        world.log.event("token.renewed", { name });
      } catch (thrown) {
        const error = thrown instanceof Error ? thrown.message : String(thrown);
        problems.push({ code: "token", partition, error });
        world.log.event("token.not-renewed", { name, problem: error });
      } finally {
        if (registers && writtenAt !== undefined) written.push(writtenAt);
      }
    }
  }
  return { renewed, problems, ...(written.length === 0 ? {} : { oldestAt: Math.min(...written) }) };
}

/** As well as what was renewed for its age. */
export async function renewRefused(
  world: Parameters<typeof renewTokens>[0],
  configuration: Configuration,
  aged: TokensRenewed,
  records: readonly InstanceRecord[],
  dryRun: boolean,
): Promise<TokensRenewed> {
  const refused = tokensRefused(records, world.clock.now());
  return refused.size === 0 ? aged : both(aged, await renewTokens(world, configuration, dryRun, refused));
}
