@description('Required. Name of the scheduler.')
param name string

@description('Required. Name of the task hub.')
param taskHubName string

@description('Required. Region of the scheduler.')
param location string

@description('Required. Tags of the scheduler.')
param tags object

@description('Required. Days for which ended orchestrations are kept.')
param retentionDays int

@description('Required. Resource id of the workspace that takes the logs.')
param workspaceId string

@description('Required. Whether the workspace takes all logs of the scheduler.')
param logAll bool

resource scheduler 'Microsoft.DurableTask/schedulers@2025-11-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    sku: {
      name: 'Consumption'
    }
    // Instances have no fixed addresses, so the role restricts access. An empty list would deny all access.
    ipAllowlist: [
      '0.0.0.0/0'
    ]
  }
}

resource taskHub 'Microsoft.DurableTask/schedulers/taskHubs@2025-11-01' = {
  parent: scheduler
  name: taskHubName
  properties: {}
}

resource retention 'Microsoft.DurableTask/schedulers/retentionPolicies@2025-11-01' = {
  parent: scheduler
  name: 'default'
  properties: {
    retentionPolicies: [
      {
        retentionPeriodInDays: retentionDays
      }
    ]
  }
}

resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = if (logAll) {
  name: 'logs'
  scope: scheduler
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        categoryGroup: 'allLogs'
        enabled: true
      }
    ]
  }
}

@description('The address of the scheduler.')
output endpoint string = scheduler.properties.endpoint
