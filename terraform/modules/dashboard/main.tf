locals {
  # A band per pipeline, of these four graphs. SQS and Lambda metrics that have no data draw nothing.
  graphs = {
    for name, pipeline in var.pipelines : name => [
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
    ]
  }

  bands = { for index, name in sort(keys(var.pipelines)) : name => 7 * index }

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
          x      = 6 * index
          y      = local.bands[name] + 1
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
        } if length(graph.metrics) > 0
      ],
    )
  ])
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = var.name
  dashboard_body = jsonencode({ widgets = local.widgets })
}
