@description('Required. Name of the Application Insights component that the rules query.')
param applicationInsightsName string

@description('Required. Prefix of the names of the rules.')
param prefix string

@description('Required. Region of the rules and the workbook.')
param location string

@description('Required. Tags of all resources.')
param tags object

@description('Required. E-mail address for alerts; if empty, alerts appear only in the portal.')
param email string

@description('Required. Minutes of waiting in the queue after which an alert is raised.')
param queueAgeMinutes int

// Each rule counts rows. docs/howto/monitor.md has the remedies, under the same names.
var rules = [
  {
    name: 'failure-ratio'
    description: 'More than a quarter of at least five runs failed within an hour.'
    severity: 2
    frequency: 'PT15M'
    window: 'PT1H'
    query: 'traces | extend action = tostring(customDimensions.action), status = tostring(customDimensions.status) | where action in ("run_ended", "queued_run_ended") | summarize ended = count(), failed = countif(status == "Failed") | where ended >= 5 and failed * 4 > ended'
    operator: 'GreaterThan'
    threshold: 0
  }
  {
    name: 'tick-missing'
    description: 'A step of the minute timer has not succeeded for a quarter of an hour: no schedule fires, or nothing is repaired.'
    severity: 1
    frequency: 'PT15M'
    window: 'PT15M'
    query: 'customMetrics | where name == "polysync.tick.duration" and tostring(customDimensions["polysync.outcome"]) == "done" | distinct step = tostring(customDimensions["polysync.step"])'
    operator: 'LessThan'
    threshold: 4
  }
  {
    name: 'schedule-late-or-missed'
    description: 'Fire times were missed, deferred or more than five minutes late, or a schedule failed.'
    severity: 2
    frequency: 'PT15M'
    window: 'PT15M'
    query: 'union (union traces, exceptions | extend action = tostring(customDimensions.action) | where action in ("schedule_failed", "schedule_deferred") or (action == "schedules_ticked" and (toint(customDimensions.missed) > 0 or toint(customDimensions.left) > 0))), (customMetrics | where name == "polysync.schedule.lateness" and valueMax > 300)'
    operator: 'GreaterThan'
    threshold: 0
  }
  {
    name: 'deadline-missed'
    description: 'A run missed a deadline of its Task, or there was no run.'
    severity: 2
    frequency: 'PT5M'
    window: 'PT15M'
    query: 'traces | where tostring(customDimensions.action) == "deadline_missed"'
    operator: 'GreaterThan'
    threshold: 0
  }
  {
    name: 'schedule-auto-paused'
    description: 'A schedule paused itself because its runs fail.'
    severity: 2
    frequency: 'PT15M'
    window: 'PT15M'
    query: 'traces | where tostring(customDimensions.action) == "schedule_auto_paused"'
    operator: 'GreaterThan'
    threshold: 0
  }
  {
    name: 'queue-age'
    description: 'A run has waited in the queue for too long.'
    severity: 2
    frequency: 'PT15M'
    window: 'PT15M'
    query: 'traces | where tostring(customDimensions.action) == "dispatcher_measured" and toint(customDimensions.oldest_seconds) > ${queueAgeMinutes * 60}'
    operator: 'GreaterThan'
    threshold: 4
  }
  {
    name: 'dispatcher-state'
    description: 'The state of a Dispatcher is larger than 4 MB: it is read and written with every start.'
    severity: 2
    frequency: 'PT15M'
    window: 'PT15M'
    query: 'traces | where tostring(customDimensions.action) == "dispatcher_measured" and toint(customDimensions.state_bytes) > 4194304'
    operator: 'GreaterThan'
    threshold: 4
  }
  {
    name: 'message-abandoned'
    description: 'A webhook delivery or a request for a run was abandoned.'
    severity: 2
    frequency: 'PT15M'
    window: 'PT15M'
    query: 'traces | where tostring(customDimensions.action) == "message_abandoned"'
    operator: 'GreaterThan'
    threshold: 0
  }
  {
    name: 'repeated-repairs'
    description: 'The reconciler had to repair runs in most minutes of half an hour.'
    severity: 2
    frequency: 'PT15M'
    window: 'PT30M'
    query: 'traces | where tostring(customDimensions.action) == "runs_repaired"'
    operator: 'GreaterThan'
    threshold: 15
  }
  {
    name: 'platform-unreachable'
    description: 'At least ten calls to one platform failed within a quarter of an hour.'
    severity: 2
    frequency: 'PT15M'
    window: 'PT15M'
    query: 'traces | where tostring(customDimensions.action) == "platform_call_failed" | summarize failures = count() by platform = tostring(customDimensions.platform) | where failures >= 10'
    operator: 'GreaterThan'
    threshold: 0
  }
  {
    name: 'internal-error'
    description: 'An activity or a request failed with an internal error, or stored data cannot be read.'
    severity: 1
    frequency: 'PT15M'
    window: 'PT15M'
    query: 'traces | union exceptions | where tostring(customDimensions.action) in ("activity_fault", "request_failed", "tool_failed", "resource_failed", "run_unreadable", "purge_failed", "audit_incomplete")'
    operator: 'GreaterThan'
    threshold: 0
  }
]

resource applicationInsights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: applicationInsightsName
}

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = if (!empty(email)) {
  name: '${prefix}-people'
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'polysync'
    enabled: true
    emailReceivers: [
      {
        name: 'people'
        emailAddress: email
        useCommonAlertSchema: true
      }
    ]
  }
}

resource alerts 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for rule in rules: {
    name: '${prefix}-${rule.name}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: 'Polysync: ${rule.name}'
      description: '${rule.description} Remedy: docs/howto/monitor.md#${rule.name}'
      severity: rule.severity
      enabled: true
      scopes: [
        applicationInsights.id
      ]
      evaluationFrequency: rule.frequency
      windowSize: rule.window
      autoMitigate: true
      // The tables do not exist before the first telemetry arrives.
      skipQueryValidation: true
      criteria: {
        allOf: [
          {
            query: rule.query
            timeAggregation: 'Count'
            operator: rule.operator
            threshold: rule.threshold
            failingPeriods: {
              numberOfEvaluationPeriods: 1
              minFailingPeriodsToAlert: 1
            }
          }
        ]
      }
      actions: {
        actionGroups: empty(email) ? [] : [people.id]
      }
    }
  }
]

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(resourceGroup().id, applicationInsightsName, 'polysync')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: 'Polysync'
    category: 'workbook'
    sourceId: applicationInsights.id
    // The queries of a workbook go to the component that it names.
    serializedData: string(union(loadJsonContent('../workbook.json'), { fallbackResourceIds: [applicationInsights.id] }))
  }
}
