// Mistakes that people make in an environment's file: each is refused by its field, in words that say what to write.
import { expect, test } from "vitest";
import example from "../../environments/example.ts";
import { readEnvironment } from "../../stacks/environment/check-environment.ts";
import { pastOf } from "../../stacks/environment/past.ts";
import { bundleOf, certificate } from "./private-ca.ts";
import { eachIsRefused, refusals, type Wrong } from "./refusals.ts";

const forge = (changes: object) => ({ forge: { ...example.forge, ...changes } });
const defaults = (changes: object) => ({ defaults: { ...example.defaults, ...changes } });
const image = (changes: object) => defaults({ image: { ...example.defaults.image, ...changes } });
const script = (text: string) => defaults({ preRunner: { script: text } });
const serverUrl = (url: string, said: RegExp): Wrong => [
  `the server "${url}"`,
  forge({ serverUrl: url }),
  new RegExp(`^x: forge\\.serverUrl: ${said.source}`),
];
const day = (cron: string, timezone = "UTC") => ({
  schedules: [{ name: "day", cron: `cron(${cron})`, timezone, idleFloors: {} }],
});
const never = (cron: string): Wrong => [
  `the schedule "${cron}", which never comes`,
  day(cron),
  /^x: schedules\[0\]\.cron: .* never comes: there is no such day$/,
];
const privateKey = "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n";
const stock = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default";

eachIsRefused([
  [
    "a number for a text",
    { account: 111122223333 },
    /^x: account: must be a string, not a number: write "111122223333" in quotes$/,
  ],
  [
    "a text for a number",
    { limits: { maxInstances: "40" } },
    /^x: limits\.maxInstances: must be a number, not a string$/,
  ],
  ["no number", { limits: { maxInstances: Number.NaN } }, /^x: limits\.maxInstances: must be a number, not NaN$/],
  ["half an instance", { idleFloors: { "large/x64": 0.5 } }, /^x: idleFloors\.large\/x64: must be a whole number$/],
  ["less than nothing", { idleFloors: { "large/x64": -1 } }, /^x: idleFloors\.large\/x64: must be at least 0$/],
  ["no time", { limits: { idle: "0s" } }, /^x: limits\.idle: is 0 ms; an idle time is from 1s to 1d$/],
  ["a text for a list", { labels: "gpu" }, /^x: labels: must be a list, not a string$/],
  ["a word for yes", { protect: "yes" }, /^x: protect: must be true or false, not a string$/],
  [
    "another architecture",
    defaults({ architectures: ["x86_64"] }),
    /^x: defaults\.architectures\[0\]: must be one of "x64", "arm64"$/,
  ],
  [
    "another kind of network",
    { network: { ...example.network, kind: "open" } },
    /^x: network\.kind: must be one of 'public', 'private', 'existing'$/,
  ],
  ["a name as long as a book", { name: "a".repeat(100_000) }, /^x: name: .{1,600}$/],
  ["an empty name", { name: "" }, /^x: name: is empty$/],
  [
    "a block with leading zeros",
    { network: { ...example.network, cidr: "10.080.0.0/16" } },
    /^x: network\.cidr: must be/,
  ],
  [
    "docker's own block",
    { network: { ...example.network, cidr: "172.17.0.0/16" } },
    /^x: network\.cidr: .* is used by docker/,
  ],
  serverUrl("https://ghes.example.org/octo-org", /must be https:\/\/HOST alone/),
  serverUrl("https://ghes.example.org:8443", /must be https:\/\/HOST alone/),
  serverUrl("https://octo:secret@ghes.example.org", /must be https:\/\/HOST alone/),
  serverUrl("https://api.github.com", /must be https:\/\/github\.com/),
  serverUrl("https://www.github.com", /must be https:\/\/github\.com/),
  [
    "a repository as it is cloned",
    forge({ repositories: ["octo-org/octo-repo.git"] }),
    /^x: forge\.repositories\[0\]: must not end in \.git/,
  ],
  ["a group of nobody", { partitions: { web: [] } }, /^x: partitions\.web: contains no repository$/],
  [
    "an image by its id alone",
    image({ x64: "ami-0a1b2c3d4e5f60001" }),
    /^x: defaults\.image\.x64: must be one of \{ id \}, \{ parameter \} and \{ pipeline: true \}$/,
  ],
  [
    "an image of two kinds",
    image({ x64: { id: "ami-0a1b2c3d4e5f60001", pipeline: true } }),
    /^x: defaults\.image\.x64: must be one of/,
  ],
  [
    "one image for two architectures",
    image({ arm64: example.defaults.image.x64 }),
    /^x: defaults\.image\.arm64: is the image of x64/,
  ],
  [
    "the other architecture's stock image",
    image({ x64: { parameter: `${stock}-arm64` } }),
    /^x: defaults\.image\.x64\.parameter: is an image for arm64/,
  ],
  ["a provision that waits for years", { limits: { provision: "999999d" } }, /^x: limits\.provision: /],
  ["a script without an interpreter", script("#!\necho"), /^x: defaults\.preRunner\.script: must begin with/],
  ["a script with a NUL", script("#!/bin/sh\n\0"), /^x: defaults\.preRunner\.script: contains a NUL byte$/],
  ["a label with a control character", { labels: ["gpu\u0007"] }, /^x: labels: labels: /],
  [
    "hosts past the proxy in one text",
    { proxy: { url: "http://proxy.example.org", noProxy: ["a.example.org, b.example.org"] } },
    /^x: proxy\.noProxy\[0\]: must be one host/,
  ],
  [
    "a ceiling that cannot be passed",
    { alarms: { idleCeiling: 40 } },
    /^x: alarms\.idleCeiling: can never be exceeded: limits\.maxInstances is 40$/,
  ],
  [
    "a GitHub environment with blanks around",
    { deployFrom: { repository: "octo-org/octo-repo", githubEnvironment: " prod" } },
    /^x: deployFrom\.githubEnvironment: begins or ends with a blank$/,
  ],
  ["a budget of next to nothing", { monthlyBudgetUsd: 0.0001, alarms: { email: ["a@example.org"] } }, /^x: monthlyBud/],
  never("0 7 31 2 ? *"),
  never("0 7 30-31 FEB ? *"),
  never("0 7 31W 4,6,9,NOV ? *"),
  never("0 7 31 4/5 ? *"),
  never("0 7 29 2 ? 2027"),
  never("0 7 29 2 ? 2101/4"),
  ["a time zone in small letters", day("0 7 ? * MON *", "europe/berlin"), /^x: schedules\[0\]\.timezone: /],
  ["an offset for a time zone", day("0 7 ? * MON *", "+01:00"), /^x: schedules\[0\]\.timezone: /],
  [
    "a private key among certificates",
    { privateCa: `${certificate}${privateKey}` },
    /^x: privateCa: contains a private key/,
  ],
  ["a certificate's file", { privateCa: "/etc/ssl/ca.pem" }, /^x: privateCa: must be PEM certificates$/],
  [
    "a certificate that is none, second of two",
    { privateCa: `${certificate}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n` },
    /^x: privateCa: certificate 2 cannot be read$/,
  ],
  [
    "half a certificate",
    { privateCa: `${certificate}${certificate.slice(0, 300)}` },
    /^x: privateCa: contains a certificate/,
  ],
  [
    "a request for a certificate",
    { privateCa: certificate.replaceAll("CERTIFICATE", "CERTIFICATE REQUEST") },
    /^x: privateCa: block 1 is not a certificate: CERTIFICATE REQUEST$/,
  ],
]);

test.each([
  "Asia/Kolkata",
  "Europe/Kyiv",
  "America/Argentina/Buenos_Aires",
  "Asia/Ho_Chi_Minh",
  "Africa/Dar_es_Salaam",
  "America/Port-au-Prince",
  "Antarctica/McMurdo",
  "UTC",
])("the time zone %s is taken, whatever ICU calls it", (timezone) => {
  expect(refusals({ ...example, ...day("0 7 ? * MON *", timezone) })).toEqual([]);
});

test.each(["0 7 29 2 ? *", "0 7 31 1/2 ? *", "0 7 L 2 ? *", "0 7 31,1 4 ? *", "0 7 29 2 ? 2026-2028", "0 7 30W 4 ? *"])(
  "the schedule %s comes, if seldom, and is taken",
  (cron) => {
    expect(refusals({ ...example, ...day(cron) })).toEqual([]);
  },
);

test("a bundle of certificates with words between them is taken", () => {
  expect(refusals({ ...example, privateCa: `# Octo\n${bundleOf(2)}\n# again\n${certificate}` })).toEqual([]);
});

test("what time has overtaken is told by its field, and refuses nothing", () => {
  const file = { ...example, privateCa: bundleOf(2), ...day("0 7 ? * MON 2024-2025") };
  const environment = readEnvironment(file, "x");
  expect(pastOf(environment, Date.UTC(2025, 11, 31))).toEqual([]);
  expect(pastOf(environment, Date.UTC(2130, 0))).toEqual([
    ["privateCa", expect.stringMatching(/^certificate 1 \(O=Octo, CN=Octo private CA\) has expired: .*2126/)],
    ["privateCa", expect.stringMatching(/^certificate 2 /)],
    ["schedules[0].cron", '"cron(0 7 ? * MON 2024-2025)" will not run again: its last year is over'],
  ]);
});
