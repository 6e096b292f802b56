// Rules for private certificates: each of a bundle can be parsed, and none is a key.
import { X509Certificate } from "node:crypto";
import type { Environment, Problem } from "./environment.ts";

/** Blocks of PEM (RFC 7468), whatever text is between them. */
const block = /-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----/gs;

function readable(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

const blocksOf = (bundle: string): readonly { readonly label: string; readonly read: X509Certificate | undefined }[] =>
  [...bundle.matchAll(block)].map(([pem, label = ""]) => ({ label, read: readable(pem) }));

function ruleOf(bundle: string): string | undefined {
  if (bundle.includes("PRIVATE KEY-----"))
    return "contains a private key, which anyone who can read launch templates could read: give certificates only";
  const blocks = blocksOf(bundle);
  if (blocks.length === 0) return "must be PEM certificates";
  if (bundle.split("-----BEGIN ").length - 1 !== blocks.length) return "contains a certificate without its END line";
  const at = blocks.findIndex(({ label, read }) => label !== "CERTIFICATE" || read === undefined);
  const { label } = blocks[at] ?? {};
  if (label === undefined) return undefined;
  return label === "CERTIFICATE"
    ? `certificate ${at + 1} cannot be read`
    : `block ${at + 1} is not a certificate: ${label}`;
}

export function problemsOfCertificates({ privateCa }: Environment): readonly Problem[] {
  const rule = privateCa === undefined ? undefined : ruleOf(privateCa);
  return rule === undefined ? [] : [["privateCa", rule]];
}

/** Expired certificates: a warning, not a refusal. `now`: epoch ms. */
export const expiredCertificates = ({ privateCa = "" }: Environment, now: number): readonly Problem[] =>
  blocksOf(privateCa).flatMap(({ read }, at): Problem[] =>
    read === undefined || read.validToDate.getTime() > now
      ? []
      : [["privateCa", `certificate ${at + 1} (${read.subject.replaceAll("\n", ", ")}) has expired: ${read.validTo}`]],
  );
