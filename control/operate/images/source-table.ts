// What an image of a variant is made from: one row a source, with version, checksum and address. Pure.
import type { Architecture } from "../../../domain/record.ts";

/** One entry of ami/variants.json, as far as it is decided upon here; the rest is Packer's. */
export interface Variant {
  readonly architecture: Architecture;
  readonly operatingSystem: string;
  /** The system's packages: what it has signed there is not fetched from elsewhere. */
  readonly packages: "apt" | "dnf";
}

/** ami/versions.json. `null`: not known yet; ami/propose-updates.sh finds it out. */
export type Versions = Readonly<
  Record<
    string,
    {
      readonly version?: string | null | undefined;
      readonly sha256?: Readonly<Record<Architecture, string | null>> | undefined;
      /** From the system's own packages: at least this version. */
      readonly atLeast?: string | undefined;
      /** Where it comes from, in words, where no address is fetched. */
      readonly from?: string | undefined;
    }
  >
>;

/** Where a publisher says which version is the newest. */
export interface Newest {
  /** `github`: a release with its assets' digests. `node`: nodejs.org's index. `text`: the version and nothing else. */
  readonly kind: "github" | "node" | "text";
  readonly url: string;
  /** Of Node.js. */
  readonly major?: number | undefined;
}

/** ami/sources.json. Addresses may hold `{version}`, `{architecture}` (x64, arm64) and `{debian}` (amd64, arm64). */
export type Sources = Readonly<
  Record<
    string,
    {
      readonly url: string;
      /** Only for systems of these packages. */
      readonly packages?: Variant["packages"] | undefined;
      readonly newest: Newest;
      /** The publisher's list of checksums: `<sha256>  <file>` a line. */
      readonly sums?: string | undefined;
    }
  >
>;

export interface SourceRow {
  readonly name: string;
  readonly version: string;
  readonly sha256: string;
  readonly url: string;
}

/** The address with its blanks filled in. */
export const addressOf = (url: string, version: string, architecture: Architecture): string =>
  url
    .replaceAll("{version}", version)
    .replaceAll("{architecture}", architecture)
    .replaceAll("{debian}", architecture === "x64" ? "amd64" : "arm64");

const nothing = "-";

export type SourceTable =
  | { readonly ok: true; readonly rows: readonly SourceRow[] }
  | { readonly ok: false; readonly problems: readonly string[] };

/** The table of a variant; what lacks a version or a checksum is a problem each: nothing unverified gets into an image. */
export function sourceTable(
  name: string,
  variant: Variant,
  { versions, sources, agentVersion }: { versions: Versions; sources: Sources; agentVersion: string },
): SourceTable {
  const problems: string[] = [];
  const rows: SourceRow[] = [
    { name: "variant", version: name, sha256: nothing, url: nothing },
    { name: "agent", version: agentVersion, sha256: nothing, url: nothing },
  ];
  for (const [source, { atLeast }] of Object.entries(versions))
    if (atLeast !== undefined) rows.push({ name: source, version: atLeast, sha256: nothing, url: nothing });
  for (const [source, { url, packages }] of Object.entries(sources)) {
    if (packages !== undefined && packages !== variant.packages) continue;
    const { version, sha256 } = versions[source] ?? {};
    const sum = sha256?.[variant.architecture] ?? "";
    if (version === undefined || version === null) problems.push(`${source} has no version`);
    else if (!/^[0-9a-f]{64}$/.test(sum))
      problems.push(`${source} ${version} has no checksum for ${variant.architecture}`);
    else rows.push({ name: source, version, sha256: sum, url: addressOf(url, version, variant.architecture) });
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, rows };
}

/** As the install scripts read it: tab-separated, one line a row. */
export const tableText = (rows: readonly SourceRow[]): string =>
  rows.map(({ name, version, sha256, url }) => `${[name, version, sha256, url].join("\t")}\n`).join("");
