// What the doctor looks at: the account, the environment's resources, the forge. Nothing here changes anything.
import type { RunnerRelease } from "./images.ts";
import type { EpochMs } from "./clock.ts";
import type { Architecture, UsageClass } from "../../domain/record.ts";

/**
 * `unseen`: the caller has no right to look, or the endpoint does not know the question: that says nothing about what was to be
 * looked at. All methods reject with `OutOfReach` where nobody answers, or with what the service refused, in its words.
 */
export type Look<Value> = { readonly kind: "seen"; readonly value: Value } | Unseen;
export interface Unseen {
  readonly kind: "unseen";
  readonly why: string;
}

export interface Caller {
  readonly account: string;
  readonly arn: string;
  /** AWS's clock minus the host's by the reply's Date header, ms: whole seconds, 0 where they agree within one. */
  readonly clockAheadMs: number;
}
export interface SubnetSeen {
  readonly zone: string;
  readonly freeAddresses: number;
}
export interface AccountReader {
  caller(): Promise<Look<Caller>>;
  /** vCPUs that the account may run at once of the standard families (A, C, D, H, I, M, R, T, Z). */
  vcpuQuota(usageClass: UsageClass): Promise<Look<number | undefined>>;
  /** Whether the account has the service-linked role without which EC2 refuses every spot request. */
  spotRole(): Promise<Look<boolean>>;
  /** Those that exist, by id. */
  subnets(ids: readonly string[]): Promise<Look<ReadonlyMap<string, SubnetSeen>>>;
}

export interface KeySeen {
  readonly hash: string;
  readonly range?: string;
}
export interface TableSeen {
  readonly key: KeySeen;
  /** Type of each key attribute: `S`, `N` or `B`. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly indexes: Readonly<Record<string, KeySeen & { readonly projects: "everything" | readonly string[] }>>;
  /** The attribute of its time to live, where that is on. */
  readonly ttl: Look<string | undefined>;
  readonly pointInTimeRecovery: Look<boolean>;
}
export interface QueueSeen {
  readonly retentionMs: number;
  /** About how many messages it holds, those in flight included. */
  readonly messages: number;
  readonly redrives: boolean;
}
/** Where the environment keeps what it knows; undefined: there is no such thing. */
export interface StoreReader {
  table(name: string): Promise<Look<TableSeen | undefined>>;
  queue(url: string): Promise<Look<QueueSeen | undefined>>;
  /** When a secret was last written; its value is not read. */
  secretWrittenAt(name: string): Promise<Look<EpochMs | undefined>>;
}

export interface TemplateSeen {
  /** The newest version that there is. */
  readonly latest: string;
  readonly instanceProfile: boolean;
  readonly tokensRequired: boolean;
  readonly hopLimit: number | undefined;
  readonly tagsInMetadata: boolean;
  readonly onShutdown: string | undefined;
  readonly disks: readonly DiskSeen[];
}
/** A disk that a launch template asks for. */
export interface DiskSeen {
  /** E.g. `/dev/xvda`. */
  readonly device: string;
  readonly sizeGiB: number | undefined;
  readonly encrypted: boolean;
}
export interface ImageSeen {
  readonly state: string;
  readonly architecture: Architecture | "other";
  readonly createdAt: EpochMs;
  /** An account's number; beside it `amazon` or another name that EC2 has for the owner. */
  readonly owners: readonly string[];
  /** Of the pipeline's tag: the environment that it was made for. */
  readonly environment: string | undefined;
  /** `hvm`, or the `paravirtual` that no type of today boots. */
  readonly virtualization: string;
  /** Where the image has its root, e.g. `/dev/sda1`. */
  readonly rootDevice: string;
  /** The size of the root's snapshot; undefined: EC2 has not said. */
  readonly rootGiB: number | undefined;
}
/** What machines are made from; undefined: there is no such thing. */
export interface LaunchReader {
  template(id: string, version: string): Promise<Look<TemplateSeen | undefined>>;
  /** The text of a parameter that names an image. */
  imageParameter(name: string): Promise<Look<string | undefined>>;
  image(id: string): Promise<Look<ImageSeen | undefined>>;
}

/** What the given credentials may do at the forge; a refusal carries the forge's message. */
export interface ForgeReader {
  listRunners(scope: string): Promise<ForgeAnswer>;
  listRuns(repository: string): Promise<ForgeAnswer>;
  /** Asks for a registration token, which proves the right to write; the token is dropped. */
  askForToken(scope: string): Promise<ForgeAnswer>;
  /** The newest releases of the runner, newest first, asked for with the credentials of `scope`. */
  runnerReleases(scope: string): Promise<Look<readonly RunnerRelease[]>>;
}
export type ForgeAnswer = { readonly kind: "allowed" } | { readonly kind: "refused"; readonly why: string };

/** A call of an instance's role, made such that it changes nothing, whether it is allowed or not. */
export type RoleCall =
  | { readonly kind: "read-item"; readonly key: string }
  /** An update of these attributes on a condition that never holds. */
  | { readonly kind: "update-item"; readonly key: string; readonly attributes: readonly string[] }
  | { readonly kind: "delete-item"; readonly key: string }
  | { readonly kind: "scan-table" }
  | { readonly kind: "read-parameter"; readonly name: string }
  /** Deletes a message by a receipt that no queue has given. */
  | { readonly kind: "use-queue"; readonly queue: string }
  /** As EC2's dry run. */
  | { readonly kind: "end-machine"; readonly instanceId: string };

/** `unclear`: neither allowed nor denied for certain. */
export type RoleAnswer =
  | { readonly kind: "allowed" }
  | { readonly kind: "denied" }
  | { readonly kind: "unclear"; readonly why: string };

export interface InstanceRole {
  /** The ARN that the calls are made as. */
  caller(): Promise<string>;
  attempt(call: RoleCall): Promise<RoleAnswer>;
}

/** What the spec of the image says on the machine that this runs on. */
export type SpecSaid =
  /** The machine has no spec: it was not made by ami/. */
  | { readonly kind: "none" }
  /** `code`: 0 where nothing is missing, 64 where it could not be asked, 124 where it took too long. */
  | { readonly kind: "said"; readonly code: number; readonly lines: readonly string[] };
