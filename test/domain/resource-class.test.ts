// Resource classes: the defaults, and what an environment may define.
import { describe, expect, test } from "vitest";
import { queueName, templateName, unreadableQueueName } from "../../domain/class-keys.ts";
import { defaultResourceClasses, problemsOfClasses } from "../../domain/resource-class.ts";

test("the default classes are the seven of the design, two GiB a vCPU", () => {
  expect(Object.keys(defaultResourceClasses)).toEqual([
    "large",
    "xlarge",
    "2xlarge",
    "4xlarge",
    "8xlarge",
    "12xlarge",
    "16xlarge",
  ]);
  expect(Object.values(defaultResourceClasses).map(({ cpu }) => cpu)).toEqual([2, 4, 8, 16, 32, 48, 64]);
  for (const { cpu, mmem } of Object.values(defaultResourceClasses)) expect(mmem).toBe(cpu * 2048);
  expect(problemsOfClasses(defaultResourceClasses)).toEqual([]);
});

test("an environment may define its own", () => {
  expect(problemsOfClasses({ "gpu-small": { cpu: 1, mmem: 512 }, huge: { cpu: 448, mmem: 25_165_824 } })).toEqual([]);
});

describe("a class is refused by its name and value", () => {
  test.each(["", "Large", "-large", "a_b", "a b", "x".repeat(32), "größe"])("where its name is %j", (name) => {
    expect(problemsOfClasses({ [name]: { cpu: 2, mmem: 4096 } })).toEqual([expect.stringContaining(`"${name}"`)]);
  });

  test.each([0, -2, 1.5, 449, Number.NaN, Number.POSITIVE_INFINITY])("where its cpu is %d", (cpu) => {
    expect(problemsOfClasses({ odd: { cpu, mmem: 4096 } })).toEqual([expect.stringContaining(`cpu is ${cpu},`)]);
  });

  test.each([0, 511, -4096, 4096.5, 25_165_825, Number.NaN])("where its mmem is %d", (mmem) => {
    expect(problemsOfClasses({ odd: { cpu: 2, mmem } })).toEqual([expect.stringContaining(`mmem is ${mmem},`)]);
  });

  test("where its queue would be another class's `unreadable` one", () => {
    expect(queueName("dev", "large-unreadable")).toBe(unreadableQueueName("dev", "large"));
    expect(problemsOfClasses({ "large-unreadable": { cpu: 2, mmem: 4096 } })).toEqual([
      expect.stringContaining('"-unreadable"'),
    ]);
  });

  test("with every other problem, one line each", () => {
    expect(problemsOfClasses({ A: { cpu: 0, mmem: 0 }, b: { cpu: 0, mmem: 512 } })).toHaveLength(4);
  });
});

test("no class at all is a problem that says what to do", () => {
  expect(problemsOfClasses({})).toEqual([expect.stringContaining("define at least one")]);
});

test("the longest names fit: SQS takes 80 characters, EC2 128 for a launch template", () => {
  const [environment, resourceClass] = ["e".repeat(20), "c".repeat(31)];
  expect(unreadableQueueName(environment, resourceClass).length).toBeLessThanOrEqual(80);
  expect(templateName(environment, resourceClass, "arm64").length).toBeLessThanOrEqual(128);
});
