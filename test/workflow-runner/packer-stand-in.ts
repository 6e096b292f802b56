// Packer, as far as `runpool ami bake` asks it: the same words, a machine of the base image, an image of it, and the manifest. What runs on the machine does not.
// PACKER_FAILS: the variants whose provisioning fails, as text.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  CreateImageCommand,
  DescribeImagesCommand,
  EC2Client,
  RunInstancesCommand,
  TerminateInstancesCommand,
  type ResourceType,
  type _InstanceType,
} from "@aws-sdk/client-ec2";

interface Variant {
  readonly instanceTypes: readonly _InstanceType[];
  readonly filters: Readonly<Record<string, string>>;
}

const say = (words: string): void => void process.stdout.write(`${words}\n`);

const [command = "", ...words] = process.argv.slice(2);
const given = Object.fromEntries(
  words.flatMap((word, at) => {
    const [, name = "", value = ""] = /^(\w+)=(.*)$/s.exec(words[at - 1] === "-var" ? word : "") ?? [];
    return name === "" ? [] : [[name, value]];
  }),
);
const value = (name: string): string => {
  const found = given[name];
  if (found === undefined) throw new Error(`Error: Unset variable "${name}"`);
  return found;
};

function validate(): Variant {
  if (words.at(-1) !== "." || !existsSync("image.pkr.hcl")) throw new Error("Error: no template here");
  for (const name of ["region", "environment", "image_name", "manifest", "docker_for_jobs"]) value(name);
  for (const file of ["sources.tsv", "install/all.sh", "spec/check.sh", "agent/install.sh", "agent/agent.mjs"])
    if (!existsSync(join(value("payload"), file))) throw new Error(`Error: the payload lacks ${file}`);
  const variants = JSON.parse(readFileSync("variants.json", "utf8")) as Readonly<Record<string, Variant>>;
  const variant = variants[value("variant")];
  if (variant === undefined) throw new Error(`Error: there is no element ${value("variant")}`);
  return variant;
}

/** One list of tags for each kind of resource. */
const tagged = (kinds: readonly ResourceType[], tags: Readonly<Record<string, string>>) =>
  kinds.map((ResourceType) => ({
    ResourceType,
    Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
  }));

async function build({ instanceTypes, filters }: Variant): Promise<void> {
  const client = new EC2Client({ region: value("region") });
  const Filters = Object.entries(filters).map(([Name, Value]) => ({ Name, Values: [Value] }));
  // The embedded cloud has one account: whose image it is, it does not tell.
  const base = (await client.send(new DescribeImagesCommand({ Filters }))).Images?.[0]?.ImageId;
  if (base === undefined) throw new Error("Error: no AMI was found matching filters");
  say(`==> amazon-ebs.image: Found Image ID: ${base}`);
  const environment = value("environment");
  const builder = await client.send(
    new RunInstancesCommand({
      ImageId: base,
      InstanceType: instanceTypes[0],
      MinCount: 1,
      MaxCount: 1,
      TagSpecifications: tagged(["instance"], { "runpool:environment": environment, "runpool:build": environment }),
    }),
  );
  const InstanceId = builder.Instances?.[0]?.InstanceId ?? "";
  try {
    say("==> amazon-ebs.image: Provisioning with shell script");
    if ((process.env["PACKER_FAILS"] ?? "").split(" ").includes(value("variant")))
      throw new Error("Script exited with non-zero exit status: 1. Allowed exit codes are: [0]");
    say("==> amazon-ebs.image: Creating AMI");
    const tags = tagged(["image", "snapshot"], JSON.parse(value("image_tags")) as Record<string, string>);
    const wish = { InstanceId, Name: value("image_name"), TagSpecifications: tags };
    const { ImageId } = await client.send(new CreateImageCommand(wish));
    const builds = [{ name: "image", artifact_id: `${value("region")}:${ImageId}` }];
    writeFileSync(value("manifest"), JSON.stringify({ builds }));
  } finally {
    say("==> amazon-ebs.image: Terminating the source AWS instance...");
    await client.send(new TerminateInstancesCommand({ InstanceIds: [InstanceId] }));
  }
}

try {
  if (command === "validate") validate();
  else if (command === "build") await build(validate());
  else if (command !== "init") throw new Error(`Error: the stand-in knows no ${command}`);
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
