@description('Required. Name of the Log Analytics workspace.')
param workspaceName string

@description('Required. Name of the Application Insights component.')
param applicationInsightsName string

@description('Required. Region of both.')
param location string

@description('Required. Tags of both.')
param tags object

@description('Required. Days for which logs are kept.')
param retentionDays int

@description('Required. Daily cap of ingestion in GB; -1 for no limit.')
param dailyCapGb int

@description('Required. Whether each query of the logs is logged.')
param logQueries bool

resource workspace 'Microsoft.OperationalInsights/workspaces@2023-09-01' = {
  name: workspaceName
  location: location
  tags: tags
  properties: {
    sku: {
      name: 'PerGB2018'
    }
    retentionInDays: retentionDays
    workspaceCapping: {
      dailyQuotaGb: dailyCapGb
    }
    features: {
      disableLocalAuth: true
      enableLogAccessUsingOnlyResourcePermissions: true
    }
  }
}

resource queryLog 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = if (logQueries) {
  name: 'logs'
  scope: workspace
  properties: {
    workspaceId: workspace.id
    logs: [
      {
        category: 'Audit'
        enabled: true
      }
    ]
  }
}

resource applicationInsights 'Microsoft.Insights/components@2020-02-02' = {
  name: applicationInsightsName
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    // Only identities may send telemetry; the key in the connection string has no effect.
    DisableLocalAuth: true
  }
}

@description('The resource id of the workspace.')
output workspaceId string = workspace.id

@description('The name of the component.')
output applicationInsightsName string = applicationInsights.name
