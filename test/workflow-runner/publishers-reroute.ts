// Loaded before a program (`node --import`): what it fetches over https comes from the publishers' stand-in, which PUBLISHERS names.
const real = globalThis.fetch;

globalThis.fetch = (input, init) => {
  const asked = input instanceof Request ? input.url : String(input);
  const stand = asked.replace(/^https:\/\//, `${process.env["PUBLISHERS"]}/`);
  return real(input instanceof Request ? new Request(stand, input) : stand, init);
};
