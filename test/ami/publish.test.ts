// Publish on the embedded cloud: only a tested image that can serve, and the parameter says so.
import { afterEach, beforeEach, expect, test } from "vitest";
import { publish } from "../../control/operate/images/publish.ts";
import { imageLimits, imageName } from "../../domain/image.ts";
import { openImageCloud, parameter, type ImageCloud } from "./image-cloud.ts";

let cloud: ImageCloud;
beforeEach(async () => {
  cloud = await openImageCloud();
});
afterEach(() => cloud.close());

const published = (imageId: string) => publish(cloud.world, { imageId, parameters: { x64: parameter } });
const value = (): string | undefined => cloud.parameters.value(parameter);

test("a tested image becomes the environment's; again is no change; an older one is the way back", async () => {
  const first = await cloud.bake({ name: "first", tested: true });
  const second = await cloud.bake({ name: "second", tested: true });
  expect(await published(first)).toMatchObject({ kind: "published", parameter });
  expect(await published(second)).toEqual({ kind: "published", parameter, before: first });
  expect(value()).toBe(second);
  expect(await published(second)).toEqual({ kind: "unchanged", parameter });
  expect(await published(first)).toMatchObject({ kind: "published", before: second });
  const history = await cloud.world.parameters.history(parameter);
  expect(history.map(({ imageId }) => imageId).slice(0, 3)).toEqual([first, second, first]);
});

test("an image that has not passed its test is never published", async () => {
  const before = value();
  const imageId = await cloud.bake({ name: "untested" });
  expect(await published(imageId)).toEqual({
    kind: "refused",
    reasons: [`${imageId} has not passed a test: runpool ami test --image ${imageId}`],
  });
  expect(value()).toBe(before);
});

test("an image that is still being made, of another architecture, or absent is refused with the reason", async () => {
  const before = value();
  cloud.machines.faults.imageMs = 60_000;
  const pending = await cloud.bake({ name: "pending", tested: true });
  expect(await published(pending)).toMatchObject({ reasons: [`${pending} is pending, not available`] });
  const arm = await cloud.bake({ name: "arm", tested: true, architecture: "arm64" });
  expect(await published(arm)).toMatchObject({ reasons: [`${arm} is for arm64, which the environment does not have`] });
  expect(await published("ami-0123456789abcdef0")).toMatchObject({
    reasons: ["there is no image ami-0123456789abcdef0 here"],
  });
  expect(value()).toBe(before);
});

test("where Parameter Store takes the write and then finds the image invalid, it is said, not hidden", async () => {
  const imageId = await cloud.bake({ name: "first", tested: true });
  const start = cloud.clock.now();
  const parameters = { ...cloud.world.parameters, write: () => Promise.resolve() };
  const options = { imageId, parameters: { x64: parameter } };
  const outcome = publish({ ...cloud.world, parameters }, options);
  const over = outcome.then(() => true);
  const soon = () => new Promise<boolean>((resolve) => setImmediate(() => resolve(false)));
  while (!(await Promise.race([over, soon()]))) await cloud.clock.advance(imageLimits.parameterPollMs);
  expect(await outcome).toMatchObject({ kind: "refused" });
  expect(cloud.clock.now() - start).toBeGreaterThanOrEqual(imageLimits.parameterMs);
});

test("an image's name is one that EC2 takes, and tells where it comes from", () => {
  const name = imageName("dev", "ubuntu-24.04-x64", new Date(Date.UTC(2026, 0, 5, 12, 30, 7)));
  expect(name).toBe("runpool-dev-ubuntu-24.04-x64-20260105T123007");
  expect(name).toMatch(/^[A-Za-z0-9()[\] ./\-'@_]{3,128}$/);
});
