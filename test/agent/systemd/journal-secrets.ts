// Everything that must never be seen where people and jobs look, and whether the journal holds any of it.
import { generateKeyPairSync } from "node:crypto";
import { forgeCredentialParameter, registrationTokenParameter, removalTokenParameter } from "../../../domain/names.ts";
import { forgeToken, place } from "../../../entry/laptop/embedded-cloud.ts";
import type { Stage } from "./stage.ts";

export interface JournalSecrets {
  /** How many of each kind were looked for. */
  readonly looked: Readonly<Record<string, number>>;
  /** Kinds that the journal holds. */
  readonly leaked: readonly string[];
  /** The same look, when one of each kind has been put into the journal on purpose. */
  readonly planted: readonly string[];
}

/** By kind; of the App's key every line. */
export type Secrets = Readonly<Record<string, readonly string[]>>;

/** A GitHub App's key, where refresh would have it from. */
export async function storeAppKey({ world }: Stage): Promise<string> {
  const { privateKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  await world.secrets.write(forgeCredentialParameter(place.environment), JSON.stringify({ appId: 1, privateKey }));
  return privateKey;
}

/** As the agent gets them, of the metadata service. */
async function credentialsOf(stage: Stage): Promise<{ SecretAccessKey: string; Token: string }> {
  const latest = "http://169.254.169.254/latest";
  const script = `token=$(curl -s -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' ${latest}/api/token)
ask() { curl -s -H "X-aws-ec2-metadata-token: $token" ${latest}/meta-data/iam/security-credentials/$1; }
ask "$(ask)"`;
  return JSON.parse((await stage.as("runpool", script)).out) as { SecretAccessKey: string; Token: string };
}

export async function secretsOf(stage: Stage, appKey: string): Promise<Secrets> {
  const { secrets } = stage.world;
  const { partition } = await stage.record();
  const read = async (name: string): Promise<readonly string[]> => {
    const found = await secrets.read(name);
    return found === undefined ? [] : [found.value];
  };
  const { SecretAccessKey, Token } = await credentialsOf(stage);
  return {
    "personal access token": [forgeToken],
    "registration token": await read(registrationTokenParameter(place.environment, partition)),
    "removal token": await read(removalTokenParameter(place.environment, partition)),
    // Line by line: the journal may break it anywhere between them, or write them as one.
    "App's private key": appKey.split("\n").filter((line) => /^[A-Za-z0-9+/=]{40,}$/.test(line)),
    "secret access key": [SecretAccessKey],
    "session token": [Token],
  };
}

/** Of every entry every field, as it was written. */
async function kindsIn(stage: Stage, secrets: Secrets): Promise<readonly string[]> {
  await stage.run("journalctl", "--sync");
  const journal = await stage.run("journalctl", "--no-pager", "--all", "--output=export");
  return Object.keys(secrets).filter((kind) => secrets[kind]?.some((secret) => journal.includes(secret)));
}

/** `more`: what a scenario knows beside what every machine has. */
export async function lookForSecrets(stage: Stage, appKey: string, more: Secrets = {}): Promise<JournalSecrets> {
  const secrets = { ...(await secretsOf(stage, appKey)), ...more };
  const leaked = await kindsIn(stage, secrets);
  for (const [secret = ""] of Object.values(secrets)) await stage.run("systemd-cat", "-t", "planted", "echo", secret);
  return {
    looked: Object.fromEntries(Object.entries(secrets).map(([kind, all]) => [kind, all.filter(Boolean).length])),
    leaked,
    planted: await kindsIn(stage, secrets),
  };
}
