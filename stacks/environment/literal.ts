// Text that Terraform must not read as a template: a script's `${VAR}`, an IAM policy variable.

/** `${` and `%{` with their first sign doubled ("Strings and Templates", escape sequences). */
export const literal = (text: string): string => text.replaceAll(/[$%](?=\{)/g, (sign) => sign + sign);
