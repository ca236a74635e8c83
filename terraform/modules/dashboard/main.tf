locals {
  # A band per pipeline, of those of these graphs that have a metric, four in a row.
  graphs = {
    for name, pipeline in var.pipelines : name => [for graph in [
      {
        title   = "Messages waiting, in flight"
        stat    = "Maximum"
        metrics = flatten([for queue in pipeline.queues : [["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", queue], ["AWS/SQS", "ApproximateNumberOfMessagesNotVisible", "QueueName", queue]]])
      },
      {
        title   = "Age of the oldest message (s)"
        stat    = "Maximum"
        metrics = flatten([for queue in pipeline.queues : [["AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName", queue]]])
      },
      {
        title   = "Dead letters"
        stat    = "Maximum"
        metrics = flatten([for queue in pipeline.dlqs : [["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", queue]]])
      },
      {
        title = "Invocations, errors, throttles"
        stat  = "Sum"
        metrics = flatten([for function in pipeline.functions : [
          for metric in ["Invocations", "Errors", "Throttles"] : ["AWS/Lambda", metric, "FunctionName", function]
        ]])
      },
      {
        title = "Requests, refused, failed"
        stat  = "Sum"
        metrics = flatten([for api in pipeline.apis : [
          for metric in ["Count", "4XXError", "5XXError"] : ["AWS/ApiGateway", metric, "ApiName", api]
        ]])
      },
      {
        title = "Records put, refused"
        stat  = "Sum"
        metrics = flatten([for stream in pipeline.streams : [
          for metric in ["IncomingRecords", "WriteProvisionedThroughputExceeded"] : ["AWS/Kinesis", metric, "StreamName", stream]
        ]])
      },
      {
        title   = "Age of records when read (ms)"
        stat    = "Maximum"
        metrics = flatten([for stream in pipeline.streams : [["AWS/Kinesis", "GetRecords.IteratorAgeMilliseconds", "StreamName", stream]]])
      },
      {
        title   = "Age of the oldest undelivered record (s)"
        stat    = "Maximum"
        metrics = flatten([for delivery in pipeline.deliveries : [["AWS/Firehose", "DeliveryToS3.DataFreshness", "DeliveryStreamName", delivery]]])
      },
    ] : graph if length(graph.metrics) > 0]
  }

  # A headline, and six for each row of graphs.
  heights = { for name, graphs in local.graphs : name => 1 + 6 * ceil(length(graphs) / 4) }
  order   = sort(keys(var.pipelines))
  bands = {
    for index, name in local.order : name => sum(concat([0], [for earlier in slice(local.order, 0, index) : local.heights[earlier]]))
  }

  widgets = flatten([
    for name, graphs in local.graphs : concat(
      [{
        type       = "text"
        x          = 0
        y          = local.bands[name]
        width      = 24
        height     = 1
        properties = { markdown = "## ${name}" }
      }],
      [
        for index, graph in graphs : {
          type   = "metric"
          x      = 6 * (index % 4)
          y      = local.bands[name] + 1 + 6 * floor(index / 4)
          width  = 6
          height = 6
          properties = {
            title  = graph.title
            region = var.region
            view   = "timeSeries"
            stat   = graph.stat
            period = 60
            # Each metric is a list of four strings; flatten above took them apart.
            metrics = chunklist(graph.metrics, 4)
          }
        }
      ],
    )
  ])
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = var.name
  dashboard_body = jsonencode({ widgets = local.widgets })
}
