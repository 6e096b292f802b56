// Parameter Store and STS of the embedded cloud, with the real SDK clients over HTTP.
import * as ssm from "@aws-sdk/client-ssm";
import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import { expect, test } from "vitest";
import { openWorld } from "./ec2-world.ts";

type World = Awaited<ReturnType<typeof openWorld>>;
const put = (world: World, Name: string, Value: string, more: Partial<ssm.PutParameterCommandInput> = {}) =>
  world.ssm.send(new ssm.PutParameterCommand({ Name, Value, Type: "String", ...more }));
const get = async (world: World, Name: string, WithDecryption = false) =>
  (await world.ssm.send(new ssm.GetParameterCommand({ Name, WithDecryption }))).Parameter;

test("a parameter is put once, and again only when told to overwrite; each time is a version", async () => {
  const world = await openWorld();
  expect(await put(world, "/runpool/dev/token", "a")).toMatchObject({ Version: 1, Tier: "Standard" });
  await expect(put(world, "/runpool/dev/token", "b")).rejects.toMatchObject({ name: "ParameterAlreadyExists" });
  await put(world, "/runpool/dev/token", "b", { Overwrite: true });
  expect(await get(world, "/runpool/dev/token")).toMatchObject({
    Name: "/runpool/dev/token",
    Value: "b",
    Version: 2,
    ARN: "arn:aws:ssm:us-east-1:123456789012:parameter/runpool/dev/token",
    LastModifiedDate: new Date(world.clock.now()),
  });
  expect((await get(world, "/runpool/dev/token:1"))?.Value).toBe("a");
  await expect(get(world, "/runpool/dev/token:9")).rejects.toMatchObject({ name: "ParameterVersionNotFound" });
  const { Parameters } = await world.ssm.send(new ssm.GetParameterHistoryCommand({ Name: "/runpool/dev/token" }));
  expect(Parameters?.map(({ Value }) => Value)).toEqual(["a", "b"]);
});

test("a SecureString shows its value only with decryption", async () => {
  const world = await openWorld();
  await put(world, "/secret", "hush", { Type: "SecureString" });
  const closed = await get(world, "/secret");
  expect(closed?.Type).toBe("SecureString");
  expect(closed?.Value).not.toContain("hush");
  expect((await get(world, "/secret", true))?.Value).toBe("hush");
});

test("sizes end at 4 KB, or at 8 KB in the advanced tier", async () => {
  const world = await openWorld();
  await put(world, "/a", "x".repeat(4096));
  await expect(put(world, "/b", "x".repeat(4097))).rejects.toMatchObject({ name: "ValidationException" });
  expect((await put(world, "/b", "x".repeat(8192), { Tier: "Advanced" })).Tier).toBe("Advanced");
  await expect(put(world, "/c", "x".repeat(8193), { Tier: "Advanced" })).rejects.toMatchObject({
    name: "ValidationException",
  });
});

test("names hold no colon and no reserved prefix", async () => {
  const world = await openWorld();
  for (const name of ["/run:pool", "ssm-x", "a/b", "/a b"])
    await expect(put(world, name, "x"), name).rejects.toMatchObject({ name: "ValidationException" });
});

test("a path is read in pages, with what lies deeper only when asked", async () => {
  const world = await openWorld();
  for (let i = 0; i < 13; i++) await put(world, `/dev/p${i}`, String(i));
  await put(world, "/dev/deep/er", "d");
  await put(world, "/device", "not under /dev");
  const names = async (Recursive: boolean) => {
    const found: (string | undefined)[] = [];
    for await (const page of ssm.paginateGetParametersByPath({ client: world.ssm }, { Path: "/dev", Recursive }))
      found.push(...(page.Parameters ?? []).map(({ Name }) => Name));
    return found;
  };
  expect(await names(false)).toHaveLength(13);
  const all = await names(true);
  expect(all).toContain("/dev/deep/er");
  expect(all).not.toContain("/device");
});

test("parameters are described by path, tagged and deleted", async () => {
  const world = await openWorld();
  await put(world, "/dev/a", "1", { Tags: [{ Key: "env", Value: "dev" }] });
  await put(world, "/prod/a", "1");
  const describe = async (Key: string, Option: string, value: string) =>
    (
      await world.ssm.send(new ssm.DescribeParametersCommand({ ParameterFilters: [{ Key, Option, Values: [value] }] }))
    ).Parameters?.map(({ Name }) => Name);
  expect(await describe("Path", "Recursive", "/dev")).toEqual(["/dev/a"]);
  expect(await describe("tag:env", "Equals", "dev")).toEqual(["/dev/a"]);
  expect(await describe("tag:other", "Equals", "")).toEqual([]);
  const gone = await world.ssm.send(new ssm.DeleteParametersCommand({ Names: ["/dev/a", "/none"] }));
  expect(gone).toMatchObject({ DeletedParameters: ["/dev/a"], InvalidParameters: ["/none"] });
  await world.ssm.send(new ssm.DeleteParameterCommand({ Name: "/prod/a" }));
  await expect(world.ssm.send(new ssm.DeleteParameterCommand({ Name: "/prod/a" }))).rejects.toMatchObject({
    name: "ParameterNotFound",
  });
});

test("STS tells the account", async () => {
  const world = await openWorld();
  expect(await world.sts.send(new GetCallerIdentityCommand({}))).toMatchObject({
    Account: "123456789012",
    Arn: "arn:aws:iam::123456789012:root",
  });
});
