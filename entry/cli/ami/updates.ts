// Proposes a new ami/versions.json from the publishers' latest releases and checksums.
import { createHash } from "node:crypto";
import { basename } from "node:path";
import { OutOfReach } from "../../../cloud/ports/outcomes.ts";
import { addressOf, type Sources, type Versions } from "../../../control/operate/images/source-table.ts";
import { compareVersions } from "../../../control/operate/images/runner-age.ts";
import { architectures, type Architecture } from "../../../domain/record.ts";

type Source = Sources[string];
/** A publisher's address: its text, or its bytes. */
export type Get = (url: string) => Promise<Response>;

/** `confirmed`: the publisher states the checksum; `computed`: only what came down the wire was summed, once. */
export interface Proposal {
  readonly name: string;
  readonly from: string;
  readonly to: string;
  readonly checksum: "confirmed" | "computed";
}

async function fetched(get: Get, url: string): Promise<Response> {
  const reply = await get(url).catch((error: unknown) => {
    throw new OutOfReach(`${url}: ${String(error)}`, { cause: error });
  });
  if (!reply.ok) throw new OutOfReach(`${url}: HTTP ${reply.status}`);
  return reply;
}

interface GithubRelease {
  readonly tag_name: string;
  readonly assets: readonly { readonly name: string; readonly digest?: string | null }[];
}

interface Found {
  readonly version: string;
  /** SHA-256 by file name, as the publisher states them. */
  readonly stated: ReadonlyMap<string, string>;
}

/** GitHub states each asset's digest (REST documentation, "Get a release"); nodejs.org lists sums beside its files. */
async function newestOf({ newest, sums }: Source, get: Get): Promise<Found> {
  const reply = await fetched(get, newest.url);
  if (newest.kind === "github") {
    const { tag_name, assets } = (await reply.json()) as GithubRelease;
    const stated = assets.flatMap(({ name, digest }) => {
      const sum = /^sha256:([0-9a-f]{64})$/.exec(digest ?? "")?.[1];
      return sum === undefined ? [] : [[name, sum] as const];
    });
    return { version: tag_name.replace(/^v/, ""), stated: new Map(stated) };
  }
  if (newest.kind === "text") return { version: (await reply.text()).trim(), stated: new Map() };
  const all = ((await reply.json()) as readonly { readonly version: string }[]).map(({ version }) => version.slice(1));
  const version = all
    .filter((one) => one.startsWith(`${newest.major}.`))
    .toSorted(compareVersions)
    .at(-1);
  if (version === undefined) throw new OutOfReach(`${newest.url} names no version ${newest.major}`);
  const list = sums === undefined ? "" : await (await fetched(get, addressOf(sums, version, "x64"))).text();
  const stated = list.split("\n").flatMap((line) => {
    const [, sum, name] = /^([0-9a-f]{64}) [ *](.+)$/.exec(line) ?? [];
    return sum === undefined || name === undefined ? [] : [[name, sum] as const];
  });
  return { version, stated: new Map(stated) };
}

async function sumOf(url: string, get: Get): Promise<string> {
  const hash = createHash("sha256");
  for await (const part of (await fetched(get, url)).body ?? []) hash.update(part as Uint8Array);
  return hash.digest("hex");
}

const isWhole = (entry: Versions[string] | undefined): boolean =>
  architectures.every((architecture) => typeof entry?.sha256?.[architecture] === "string");

/** Rejects with `OutOfReach` where a publisher cannot be asked: half a proposal would look like a whole one. */
export async function proposeUpdates(
  versions: Versions,
  sources: Sources,
  get: Get,
): Promise<{ readonly versions: Versions; readonly proposals: readonly Proposal[] }> {
  const proposed: Record<string, Versions[string]> = { ...versions };
  const proposals: Proposal[] = [];
  for (const [name, source] of Object.entries(sources)) {
    const { version, stated } = await newestOf(source, get);
    const held = versions[name];
    if (held?.version === version && isWhole(held)) continue;
    const sha256: Partial<Record<Architecture, string>> = {};
    let confirmed = true;
    for (const architecture of architectures) {
      const url = addressOf(source.url, version, architecture);
      const sum = stated.get(basename(url));
      confirmed &&= sum !== undefined;
      sha256[architecture] = sum ?? (await sumOf(url, get));
    }
    proposed[name] = { version, sha256: sha256 as Record<Architecture, string> };
    proposals.push({
      name,
      from: held?.version ?? "none",
      to: version,
      checksum: confirmed ? "confirmed" : "computed",
    });
  }
  return { versions: proposed, proposals };
}
