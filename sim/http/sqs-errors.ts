// The two names an SQS error has: its JSON type, and the code of the older Query protocol that clients still show.

/** Query codes by error shape, where they differ (SQS service model, trait `awsQueryError`). */
const queryCodes: Readonly<Record<string, string>> = {
  BatchEntryIdsNotDistinct: "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
  BatchRequestTooLong: "AWS.SimpleQueueService.BatchRequestTooLong",
  EmptyBatchRequest: "AWS.SimpleQueueService.EmptyBatchRequest",
  InvalidBatchEntryId: "AWS.SimpleQueueService.InvalidBatchEntryId",
  MessageNotInflight: "AWS.SimpleQueueService.MessageNotInflight",
  QueueDeletedRecently: "AWS.SimpleQueueService.QueueDeletedRecently",
  QueueDoesNotExist: "AWS.SimpleQueueService.NonExistentQueue",
  QueueNameExists: "QueueAlreadyExists",
  TooManyEntriesInBatchRequest: "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
  UnsupportedOperation: "AWS.SimpleQueueService.UnsupportedOperation",
  MissingRequiredParameterException: "MissingParameter",
  InvalidParameterValueException: "InvalidParameterValue",
};

const shapes: Readonly<Record<string, string>> = {
  MissingParameter: "MissingRequiredParameterException",
  InvalidParameterValue: "InvalidParameterValueException",
};

/** The error's name in JSON. */
export const sqsErrorName = (code: string): string => shapes[code] ?? code;

/** The error's code in the Query protocol. */
export const sqsQueryCode = (code: string): string => queryCodes[code] ?? code;
