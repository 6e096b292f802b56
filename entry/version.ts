// The version of everything that is built from this tree; package.json says the same (a test compares).
export const version = "0.1.0";
