import { describe, expect, it } from "vitest";
import { deployedImages, packagingOf } from "../../../src/terraform/images.ts";
import type { EnvironmentState } from "../../../src/terraform/state.ts";

const TAG = "0".repeat(64);
const state = (image_uri: string) =>
  ({
    resources: [
      {
        type: "aws_lambda_function",
        attributes: {
          function_name: "my-edp-dev-plain-day-worker",
          image_uri,
          tags_all: { project: "my-edp", env: "dev", pipeline: "plain" },
        },
      },
    ],
  }) as unknown as EnvironmentState;
const withImage = state(`registry.example.com:5000/my-edp-dev-plain-day-worker:${TAG}`);

describe("the packaging of an environment", () => {
  it("is what is asked for, else what it has, else zip", () => {
    expect(packagingOf("zip", withImage)).toBe("zip");
    expect(packagingOf(undefined, withImage)).toBe("image");
    expect(packagingOf(undefined, state(""))).toBe("zip");
    expect(packagingOf(undefined, undefined)).toBe("zip");
  });
});

describe("the images that are deployed", () => {
  it("are read from the state, for the pipelines that stay", () => {
    expect(deployedImages(withImage, ["plain"])).toEqual({
      images: { "plain/day-worker": TAG },
      existing_repositories: [],
    });
    expect(deployedImages(withImage, [])).toEqual({ images: {}, existing_repositories: [] });
  });
});
