// Names: what is made of them can be read back, and never from another environment's.
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { imageParameter } from "../../domain/class-keys.ts";
import {
  awsPartitionOf,
  environmentName,
  forgeCredentialParameter,
  instanceKey,
  instanceRoleName,
  jitConfigurationParameter,
  parseJitConfigurationParameter,
  parseRunnerName,
  registrationTokenParameter,
  removalTokenParameter,
  runnerLabels,
  runnerName,
  runnerPrefix,
  tableName,
  tags,
} from "../../domain/names.ts";
import { isInstanceKey } from "../../domain/table.ts";

const environment = fc.stringMatching(/^[a-z][abdei0-3-]{0,19}$/);
const instanceId = fc.stringMatching(/^i-[0-9a-f]{8,17}$/);
const assignment = fc.nat({ max: 1_000_000 });
const at = (name: string, account = "123456789012", region = "eu-west-1") => ({ environment: name, account, region });
const dev = at("dev");

describe("a runner's name", () => {
  test("gives back its instance and assignment in its own environment", () => {
    fc.assert(
      fc.property(environment, instanceId, assignment, (env, id, number) => {
        expect(environmentName.test(env)).toBe(true);
        expect(parseRunnerName(at(env), runnerName(at(env), id, number))).toEqual({
          instanceId: id,
          assignment: number,
        });
      }),
    );
  });

  test("is nothing to another environment, also to one whose name begins with or continues it", () => {
    const pair = fc.oneof(
      fc.tuple(environment, environment),
      fc.tuple(environment, environment).map(([one, other]): [string, string] => [one, `${one}-${other}`]),
      fc.tuple(environment, instanceId).map(([one, id]): [string, string] => [one, `${one}-${id}`]),
    );
    fc.assert(
      fc.property(pair, instanceId, assignment, ([one, other], id, number) => {
        fc.pre(one !== other);
        expect(parseRunnerName(at(one), runnerName(at(other), id, number))).toBeUndefined();
        expect(parseRunnerName(at(other), runnerName(at(one), id, number))).toBeUndefined();
      }),
      { numRuns: 1000 },
    );
  });

  test("is nothing to an environment of the same name in another account or region", () => {
    for (const other of [at("dev", "210987654321"), at("dev", "123456789012", "eu-west-2")]) {
      expect(parseRunnerName(dev, runnerName(other, "i-0123456789abcdef0", 1))).toBeUndefined();
      expect(runnerName(other, "i-0123456789abcdef0", 1).startsWith(runnerPrefix(dev))).toBe(false);
    }
  });

  test.each([
    "dev",
    runnerPrefix(dev),
    "dev-i-0123456789abcdef0-1",
    ...["i-0123456789abcdef0", "i-xyz-1", "i-0123-1", "i-0123456789abcdef0-1-2", "i-0123456789abcdef0--1"].map(
      (rest) => `${runnerPrefix(dev)}${rest}`,
    ),
    "laptop",
  ])("%s is none of ours, and so never deleted as a ghost", (name) => {
    expect(parseRunnerName(dev, name)).toBeUndefined();
  });

  test("never repeats for another assignment, begins with the prefix, and fits GitHub's 64 characters", () => {
    const id = "i-0123456789abcdef0";
    expect(runnerName(dev, id, 1)).not.toBe(runnerName(dev, id, 11));
    expect(runnerName(dev, id, 1).startsWith(runnerPrefix(dev))).toBe(true);
    expect(runnerName(at("e".repeat(20)), id, 1_000_000).length).toBeLessThanOrEqual(64);
  });
});

describe("a just-in-time configuration's parameter", () => {
  test("gives back its instance and assignment in its own environment alone, in SSM's characters", () => {
    fc.assert(
      fc.property(environment, environment, instanceId, assignment, (env, other, id, number) => {
        const name = jitConfigurationParameter(env, id, number);
        expect(name).toMatch(/^(\/[A-Za-z0-9_.-]+){5}$/);
        expect(parseJitConfigurationParameter(env, name)).toEqual({ instanceId: id, assignment: number });
        fc.pre(env !== other);
        expect(parseJitConfigurationParameter(other, name)).toBeUndefined();
      }),
    );
  });

  test.each([
    "/runpool/dev/jit",
    "/runpool/dev/jit/i-0123456789abcdef0",
    "/runpool/dev/registration/i-0123456789abcdef0/1",
  ])("%s is none, and so never deleted", (name) => expect(parseJitConfigurationParameter("dev", name)).toBeUndefined());
});

describe("an environment's name", () => {
  test.each(["dev", "p", "prod-eu-1", "a".repeat(20)])("may be %s", (name) => {
    expect(environmentName.test(name)).toBe(true);
  });
  test.each(["", "Dev", "1dev", "-dev", "dev_1", "a".repeat(21), "dev/x", "dev\n"])("may not be %j", (name) => {
    expect(environmentName.test(name)).toBe(false);
  });
});

test("an instance's key is its ARN, in every AWS partition", () => {
  const place = { region: "cn-north-1", account: "123456789012" };
  const key = instanceKey({ awsPartition: "aws-cn", ...place }, "i-1");
  expect(key).toBe("arn:aws-cn:ec2:cn-north-1:123456789012:instance/i-1");
  expect(isInstanceKey(key)).toBe(true);
  expect(isInstanceKey("configuration#defaults")).toBe(false);
});

test("a region says which AWS partition it lies in", () => {
  expect(awsPartitionOf("us-gov-west-1")).toBe("aws-us-gov");
  expect(awsPartitionOf("cn-northwest-1")).toBe("aws-cn");
  for (const region of ["eu-central-1", "us-east-1", "me-central-1"]) expect(awsPartitionOf(region)).toBe("aws");
});

test("a runner carries its run's label, and each further word behind that label alone, once", () => {
  expect(runnerLabels("1001", ["large", "x64", "gpu", "large"])).toEqual([
    "1001",
    "1001-large",
    "1001-x64",
    "1001-gpu",
  ]);
});

test("parameters have the characters that SSM takes, whatever the partition is called, and lie under their environment", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", minLength: 1 }), (partition) => {
      for (const name of [registrationTokenParameter("dev", partition), removalTokenParameter("dev", partition)])
        expect(name).toMatch(/^\/runpool\/dev\/[a-z]+\/[A-Za-z0-9_.-]+$/);
    }),
  );
  const one = "github:octo/app";
  const names = [
    registrationTokenParameter("dev", one),
    removalTokenParameter("dev", one),
    forgeCredentialParameter("dev"),
  ];
  expect(new Set([...names, imageParameter("dev", "x64"), imageParameter("dev", "arm64")]).size).toBe(5);
});

test("everything of two environments is named apart", () => {
  for (const name of [tableName, instanceRoleName, forgeCredentialParameter])
    expect(name("dev")).not.toBe(name("prod"));
});

test("tag keys can be shown in instance metadata: no blank, no slash", () => {
  // EC2 User Guide, "View tags for your EC2 instances using instance metadata".
  for (const key of Object.values(tags)) expect(key).toMatch(/^[A-Za-z0-9+\-=.,_:@]{1,128}$/);
  expect(new Set(Object.values(tags)).size).toBe(Object.keys(tags).length);
});
