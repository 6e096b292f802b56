// Registration and removal tokens: fetched by refresh, kept as SecureStrings, read by the instances of their partition.
import { limits } from "../domain/limits.ts";
import { registrationTokenParameter, removalTokenParameter } from "../domain/names.ts";
import { forgeScopeOf, partitionOf, type Configuration } from "../domain/configuration.ts";
import type { ControlWorld } from "./world.ts";

export interface TokensRenewed {
  readonly renewed: readonly string[];
  /** Partition and reason. */
  readonly problems: readonly string[];
}

/** Partitions of an environment, each with the repository or organisation that its runners register at. */
export function partitionScopes(configuration: Configuration): ReadonlyMap<string, string> {
  const scopes = new Map<string, string>();
  for (const repository of configuration.forge.repositories)
    scopes.set(partitionOf(configuration, repository), forgeScopeOf(configuration, repository));
  return scopes;
}

/** Renews each token at half of its life; one that cannot be renewed is a problem that names the partition. */
export async function renewTokens(
  world: Pick<ControlWorld, "secrets" | "registrar" | "clock" | "log">,
  configuration: Configuration,
  dryRun: boolean,
): Promise<TokensRenewed> {
  const renewed: string[] = [];
  const problems: string[] = [];
  for (const [partition, scope] of partitionScopes(configuration)) {
    const kinds = [
      [
        registrationTokenParameter(configuration.environment, partition),
        () => world.registrar.registrationToken(scope),
      ] as const,
      [removalTokenParameter(configuration.environment, partition), () => world.registrar.removalToken(scope)] as const,
    ];
    for (const [name, fetch] of kinds)
      try {
        const held = await world.secrets.read(name);
        if (held !== undefined && world.clock.now() - held.writtenAt < limits.tokenRenewMs) continue;
        if (!dryRun) await world.secrets.write(name, (await fetch()).token);
        renewed.push(name);
        world.log.event("token.renewed", { name });
      } catch (error) {
        problems.push(`${partition}: ${error instanceof Error ? error.message : String(error)}`);
        world.log.event("token.not-renewed", { name, problem: String(error) });
      }
  }
  return { renewed, problems };
}
