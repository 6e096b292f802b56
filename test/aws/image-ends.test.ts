// Who uses an image, and what of it may go: a machine in any state but the last keeps it, and an image that stays keeps its disks.
import { EC2Client } from "@aws-sdk/client-ec2";
import { SSMClient } from "@aws-sdk/client-ssm";
import { describe, expect, it } from "vitest";
import { images } from "../../cloud/aws/images.ts";

interface Command {
  readonly constructor: { readonly name: string };
  readonly input: Record<string, unknown>;
}
const options = { region: "eu-west-1", credentials: { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" } };
/** The SDK's paginators take none but a client of the SDK. */
const storeOn = (send: (action: string, input: Command["input"]) => unknown) => {
  const client = Object.assign(Object.create(new EC2Client(options)) as EC2Client, {
    send: async (command: Command) => send(command.constructor.name.replace(/Command$/, ""), command.input),
  });
  return images(client, new SSMClient(options));
};
const refusal = (name: string): Error =>
  Object.assign(new Error("it says"), { name, $metadata: { httpStatusCode: 400 } });

it.each([
  ["pending", true],
  ["running", true],
  ["shutting-down", true],
  ["stopping", true],
  ["stopped", true],
  ["terminated", false],
])("a machine that is %s uses its image: %s", async (state, uses) => {
  const store = storeOn((action, input) => {
    if (action !== "DescribeInstances") return { LaunchTemplates: [] };
    const [filter] = input["Filters"] as { Name: string; Values: string[] }[];
    expect(filter?.Name).toBe("instance-state-name");
    const found = filter?.Values.includes(state) === true ? [{ InstanceId: "i-1", ImageId: "ami-1" }] : [];
    return { Reservations: [{ Instances: found }] };
  });
  expect((await store.users()).get("ami-1")).toEqual(uses ? ["instance i-1"] : undefined);
});

it("the size of an image's root is that of its root device, whatever other disks it has", async () => {
  const disk = (DeviceName: string, VolumeSize: number) => ({ DeviceName, Ebs: { VolumeSize } });
  const Images = [
    {
      ImageId: "ami-1",
      RootDeviceName: "/dev/xvda",
      BlockDeviceMappings: [disk("/dev/sdb", 500), disk("/dev/xvda", 20)],
    },
  ];
  expect((await storeOn(() => ({ Images })).one("ami-1"))?.rootGiB).toBe(20);
  const unsaid = [{ ImageId: "ami-1", RootDeviceName: "/dev/xvda", BlockDeviceMappings: [disk("/dev/sdb", 500)] }];
  expect((await storeOn(() => ({ Images: unsaid })).one("ami-1"))?.rootGiB).toBeUndefined();
});

describe("an image's end", () => {
  const snapshotIds = ["snap-1", "snap-2"];
  const removing = async (deregistered?: string, deleted?: string) => {
    const gone: unknown[] = [];
    const store = storeOn((action, input) => {
      if (action === "DeregisterImage" && deregistered !== undefined) throw refusal(deregistered);
      if (action === "DeleteSnapshot") gone.push(input["SnapshotId"]);
      if (action === "DeleteSnapshot" && deleted !== undefined) throw refusal(deleted);
      return {};
    });
    return { problems: await store.remove({ imageId: "ami-1", snapshotIds }), gone };
  };

  it.each([[undefined], ["InvalidAMIID.NotFound"], ["InvalidAMIID.Unavailable"]])(
    "takes its disks along where it is gone (%s)",
    async (code) => expect(await removing(code)).toEqual({ problems: [], gone: snapshotIds }),
  );

  it.each(["UnauthorizedOperation", "RequestLimitExceeded", "InvalidAMIID.Malformed"])(
    "leaves its disks where it stays (%s)",
    async (code) => expect(await removing(code)).toEqual({ problems: [`ami-1: ${code}: it says`], gone: [] }),
  );

  it.each([
    ["InvalidSnapshot.NotFound", []],
    ["InvalidSnapshot.InUse", snapshotIds.map((id) => `${id}: InvalidSnapshot.InUse: it says`)],
  ])("says of each disk whether it stays (%s)", async (code, problems) =>
    expect(await removing(undefined, code)).toEqual({ problems, gone: snapshotIds }),
  );
});
