// Machine classes: what each is of its own words and the defaults', and that no two of them meet under any key.
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  imageParameter,
  poolKey,
  queueName,
  templateKey,
  templateName,
  unreadableQueueName,
} from "../../domain/class-keys.ts";
import { classOf, imageParametersOf, merge, operationalDefaults, type Defaults } from "../../domain/configuration.ts";
import { machineClass, machineDefaults, type SaidOfClass, type SaidOfDefaults } from "../../domain/machine-class.ts";
import { problemsOfClasses } from "../../domain/resource-class.ts";

const defaults: SaidOfDefaults = {
  ...machineDefaults,
  operatingSystem: "ubuntu-24.04",
  architectures: ["x64", "arm64"],
  image: { x64: { id: "ami-1" }, arm64: { id: "ami-2" } },
  install: { x64: { url: "https://example.org/x", sha256: "0" } },
};

describe("a class", () => {
  test("that says nothing is as the defaults are, and has its name's size", () => {
    expect(machineClass("xlarge", {}, defaults)).toEqual({
      ...defaults,
      maxUses: 0,
      ownImages: [],
      cpu: 4,
      mmem: 8192,
    });
    expect(machineClass("odd", {}, defaults).cpu).toBeNaN();
  });

  test("says what is otherwise, disks and scripts by field, images by architecture", () => {
    const said: SaidOfClass = {
      cpu: 3,
      mmem: 5000,
      disk: { iops: 4000 },
      preRunner: { script: "#!/bin/sh" },
      image: { x64: { pipeline: true } },
      usageClass: "on-demand",
      maxRuntime: 60_000,
    };
    expect(machineClass("odd", said, defaults)).toEqual({
      ...defaults,
      ...said,
      maxUses: 0,
      disk: { ...machineDefaults.disk, iops: 4000 },
      preRunner: { script: "#!/bin/sh", user: "root" },
      image: { x64: { pipeline: true }, arm64: { id: "ami-2" } },
      ownImages: ["x64"],
    });
  });

  test("of another system has no image of the defaults, nor what makes a runner of it", () => {
    const windows = machineClass("win", { operatingSystem: "windows-server-2025" }, defaults);
    expect([windows.image, windows.install]).toEqual([{}, {}]);
    expect(machineClass("same", { operatingSystem: "ubuntu-24.04" }, defaults).image).toEqual(defaults.image);
  });
});

test("two classes, environments or architectures have no key in common, whatever they are called", () => {
  const name = fc
    .stringMatching(/^[a-z0-9][a-z0-9-]{0,8}$/)
    .filter((one) => problemsOfClasses({ [one]: { cpu: 1, mmem: 512 } }).length === 0);
  const machine = fc.record({
    environment: fc.stringMatching(/^[a-z][a-z0-9-]{0,5}$/),
    resourceClass: fc.oneof(fc.constantFrom("large", "large-docker", "large-x64", "x64", "a-large"), name),
    architecture: fc.constantFrom("x64" as const, "arm64" as const),
  });
  fc.assert(
    fc.property(machine, machine, (one, other) => {
      const keysOf = ({ environment, resourceClass, architecture }: typeof one) => ({
        queues: [queueName(environment, resourceClass), unreadableQueueName(environment, resourceClass)],
        machines: [
          templateName(environment, resourceClass, architecture),
          imageParameter(environment, architecture, resourceClass),
          imageParameter(environment, architecture),
        ],
        own: [
          templateKey({ partition: "p", resourceClass, architecture }),
          poolKey({ partition: "p", resourceClass, architecture }, "idle"),
        ],
      });
      const [a, b] = [keysOf(one), keysOf(other)];
      const sameClass = one.resourceClass === other.resourceClass;
      // A queue of class `large-x64` may be called as a launch template of `large`: they are different kinds of things.
      if (one.environment !== other.environment || !sameClass) {
        expect(a.queues.filter((key) => b.queues.includes(key))).toEqual([]);
        expect(a.machines.slice(0, 2).filter((key) => b.machines.includes(key))).toEqual([]);
      }
      if (!sameClass || one.architecture !== other.architecture) {
        expect(a.own.filter((key) => b.own.includes(key))).toEqual([]);
        if (one.environment === other.environment)
          expect(a.machines.slice(0, 2).filter((key) => b.machines.slice(0, 2).includes(key))).toEqual([]);
      }
    }),
    { numRuns: 1000 },
  );
});

describe("of a deployed class", () => {
  const deployed = {
    ...operationalDefaults,
    configHash: "all",
    imageParameters: { x64: "/all/x64", arm64: "/all/arm64" },
    classes: {
      docker: { configHash: "docker", maxUses: 1, imageParameters: { x64: "/docker/x64" } },
      scripted: { configHash: "scripted", usageClass: "on-demand", maxRuntimeMs: 1, spotMaxPrice: 0.5 },
    },
    preRunnerScripts: { scripted: "exit 0" },
  } as unknown as Defaults;

  test("its own word comes before the environment's, and that is for all who have none", () => {
    const { configHash, usageClass, maxUses, maxRuntimeMs } = { ...deployed };
    expect(classOf(deployed, "large")).toMatchObject({ configHash, usageClass, maxUses, maxRuntimeMs });
    expect(classOf(deployed, "toString").configHash).toBe("all");
    expect(classOf(deployed, "docker")).toMatchObject({
      configHash: "docker",
      maxUses: 1,
      usageClass: "spot",
      imageParameters: { x64: "/docker/x64", arm64: "/all/arm64" },
    });
    expect(classOf(deployed, "scripted")).toMatchObject({
      usageClass: "on-demand",
      maxRuntimeMs: 1,
      spotMaxPrice: 0.5,
    });
    expect(imageParametersOf(deployed)).toEqual(["/all/x64", "/all/arm64", "/docker/x64"]);
  });

  test("what an operator lays over the environment is not for a class that says it itself", () => {
    const laid = merge(deployed, { maxRuntimeMs: 7, maxUses: 9, images: { x64: "ami-9" }, preRunnerScript: "laid" });
    expect(classOf(laid, "large")).toMatchObject({ maxRuntimeMs: 7, maxUses: 9, images: { x64: "ami-9" } });
    expect(classOf(laid, "docker")).toMatchObject({ maxRuntimeMs: 7, maxUses: 1, images: {} });
    expect(classOf(laid, "scripted")).toMatchObject({ maxRuntimeMs: 1, images: { x64: "ami-9" } });
    // Whoever boots with another script is another machine.
    expect(["large", "docker", "scripted"].map((name) => classOf(laid, name).configHash)).toEqual([
      expect.stringMatching(/^all\+/),
      expect.stringMatching(/^docker\+/),
      "scripted",
    ]);
  });
});
