import type { Operations } from "../../http/json-protocol.ts";
import { integer, text } from "../../http/members.ts";
import { AwsError } from "../../service.ts";
import { invalidParameterValue, invalidValue } from "../errors.ts";
import type { MoveTasks } from "../move-tasks.ts";
import type { Queue } from "../queue.ts";
import type { Queues } from "../queues.ts";
import { requiredText } from "./required.ts";

const MAXIMUM_RATE = 500;
const MAXIMUM_RESULTS = 10;

export function moveTaskActions(queues: Queues, tasks: MoveTasks): Operations {
  return {
    StartMessageMoveTask: async (input) => {
      const source = existing(queues, requiredText(input, "SourceArn"), "SourceArn");
      if (queues.sourcesOf(source).length === 0) {
        throw invalidParameterValue("Source queue must be configured as a Dead Letter Queue.");
      }
      const rate = integer(input, "MaxNumberOfMessagesPerSecond");
      if (rate !== undefined && (rate < 1 || rate > MAXIMUM_RATE)) {
        throw invalidValue(rate, "MaxNumberOfMessagesPerSecond", `Must be between 1 and ${MAXIMUM_RATE}.`);
      }
      const arn = text(input, "DestinationArn");
      const destination = arn === undefined ? undefined : existing(queues, arn, "DestinationArn");
      if (destination === source) {
        throw invalidParameterValue("Source queue arn and destination queue arn cannot be the same.");
      }
      if (destination && destination.fifo !== source.fifo) {
        throw invalidParameterValue("Source and destination queues must be of the same type.");
      }
      const { handle } = await tasks.start({ source, destination, rate });
      return { TaskHandle: handle };
    },

    CancelMessageMoveTask: async (input) => {
      const { moved } = await tasks.cancel(requiredText(input, "TaskHandle"));
      return { ApproximateNumberOfMessagesMoved: moved };
    },

    ListMessageMoveTasks: (input) => {
      const source = existing(queues, requiredText(input, "SourceArn"), "SourceArn");
      const max = integer(input, "MaxResults") ?? 1;
      if (max < 1 || max > MAXIMUM_RESULTS) {
        throw invalidValue(max, "MaxResults", `Must be between 1 and ${MAXIMUM_RESULTS}, if provided.`);
      }
      return {
        Results: tasks
          .list(source)
          .slice(0, max)
          .map((task) => ({
            // AWS gives the handle of a running task only: nothing can be done with another.
            TaskHandle: task.status === "RUNNING" ? task.handle : undefined,
            Status: task.status,
            SourceArn: task.sourceArn,
            DestinationArn: task.destinationArn,
            MaxNumberOfMessagesPerSecond: task.rate,
            ApproximateNumberOfMessagesMoved: task.moved,
            ApproximateNumberOfMessagesToMove: task.toMove,
            FailureReason: task.failure,
            StartedTimestamp: task.startedAt,
          })),
      };
    },
  };
}

function existing(queues: Queues, arn: string, parameter: string): Queue {
  const queue = queues.findByArn(arn);
  if (queue) return queue;
  throw new AwsError(
    "ResourceNotFoundException",
    `The resource that you specified for the ${parameter} parameter doesn't exist.`,
    404,
  );
}
