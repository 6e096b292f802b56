// A certificate authority of nobody's, valid until 2126, and any number of its like that no compression makes smaller.

export const certificate = `-----BEGIN CERTIFICATE-----
MIIBqTCCAU+gAwIBAgIUYXakV8LyvV9aFj4yy3qd94in7ZUwCgYIKoZIzj0EAwIw
KTENMAsGA1UECgwET2N0bzEYMBYGA1UEAwwPT2N0byBwcml2YXRlIENBMCAXDTI2
MTEyMTA4NDIyM1oYDzIxMjYxMDI4MDg0MjIzWjApMQ0wCwYDVQQKDARPY3RvMRgw
FgYDVQQDDA9PY3RvIHByaXZhdGUgQ0EwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
AAR6YtLBuw5WeMyUFgEvayMCWfoYCSoL3OMrlhmbweUfpRMXRjjnNNSpokkITbSz
wS7GcdXyNwiDLyvhw/e6S3Wqo1MwUTAdBgNVHQ4EFgQUuC8xrhHdl2jAbWb42p7B
UZlzPiAwHwYDVR0jBBgwFoAUuC8xrhHdl2jAbWb42p7BUZlzPiAwDwYDVR0TAQH/
BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiEAkS19bm4YcT3UPiogJOFNBYW9gfJM
qpgjZydaUgUpzbcCIH06a0A0DZxN0mTFMEKqbj64jgnNf1HouGXlBWJ+Gbpk
-----END CERTIFICATE-----
`;

/** As long as the last bytes of the signature, which nobody checks who only reads. */
const signature = 40;

/** Certificates that can be read, each with a signature of its own. */
export function bundleOf(count: number): string {
  const der = Buffer.from(certificate.replaceAll(/-----[^-]+-----|\n/g, ""), "base64");
  let state = 1;
  const noise = (): number => (state = (state * 48_271) % 2_147_483_647) % 256;
  return Array.from({ length: count }, () => {
    const bytes = Buffer.from(der);
    for (let at = bytes.length - signature; at < bytes.length; at++) bytes[at] = noise();
    const lines = bytes.toString("base64").match(/.{1,64}/g) ?? [];
    return ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
  }).join("");
}
