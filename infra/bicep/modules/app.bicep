@description('Required. Name of the function app.')
param name string

@description('Required. Name of the plan.')
param planName string

@description('Required. Region of app and plan.')
param location string

@description('Required. Tags of app and plan.')
param tags object

@description('Required. Resource id of the app\'s identity.')
param identityId string

@description('Required. Client id of the app\'s identity.')
param identityClientId string

@description('Required. Name of the account of the Functions host.')
param hostStorageName string

@description('Required. Name of the account of definitions and runs.')
param dataStorageName string

@description('Required. Name of the container that holds the package of the app.')
param packageContainerName string

@description('Required. Name of the Application Insights component.')
param applicationInsightsName string

@description('Required. Resource id of the workspace that takes the logs of the platform.')
param workspaceId string

@description('Required. Categories of logs of the platform; empty for none.')
param logs array

@description('Required. Name of the task hub.')
param taskHubName string

@description('Required. Address of the Durable Task Scheduler; empty if Azure Storage stores the orchestrations.')
param schedulerEndpoint string

@description('Required. Subnet for outbound traffic of the app; empty for none.')
param subnetId string

@description('Required. Memory of an instance in MB.')
param instanceMemoryMB int

@description('Required. Maximum number of instances of a function group.')
param maximumInstanceCount int

@description('Required. Maximum number of concurrent requests per instance.')
param httpConcurrency int

@description('Required. Always-ready instances for orchestrations.')
param alwaysReadyDurable int

@description('Required. Always-ready instances for the HTTP API.')
param alwaysReadyHttp int

@description('Required. Tenant whose tokens are accepted.')
param authTenantId string

@description('Required. Scope that MCP clients must request.')
param authScope string

@description('Required. Keys of machines, as name:role:sha256 entries; empty for none.')
param accessKeys string

@description('Required. Names of hosts that may be at private addresses, between commas; empty for none.')
param privateHosts string

@description('Required. Address with which links in notifications begin; empty for the host name of the app.')
param publicUrl string

@description('Required. Address of the OpenLineage service; empty for none.')
param lineageUrl string

@description('Required. Reference of the API key of the OpenLineage service; empty for none.')
param lineageKey string

@description('Required. Namespace of the Tasks in the lineage; empty for the default.')
param lineageNamespace string

@description('Required. Name of the queue of run events; empty for none.')
param runEventsQueue string

@description('Required. Name of the deployment that each page of the console shows; empty for none.')
param deploymentName string

@description('Required. Colour behind the name of the deployment.')
param deploymentColour string

@description('Required. Who gives roles in the deployment, for people without a role; empty for none.')
param deploymentContact string

@description('Required. Number of delivery attempts for a webhook event.')
param webhookAttempts int

@description('Required. Seconds before the second delivery attempt.')
param webhookFirstDelaySeconds int

@description('Required. Days for which ended runs are kept.')
param runRetentionDays int

@description('Required. Days for which the engine keeps the histories of ended orchestrations.')
param engineRetentionDays int

@description('Required. Percentage of the traces of runs that are kept.')
param traceSamplePercent int

@description('Required. Whether every Job is compared with its artefact each night.')
param driftCheck bool

@description('Required. Address of the Databricks workspace whose jobs are run by short keys; empty for none.')
param databricksHost string

@description('Required. Numbers of Databricks jobs by their variables.')
param databricksJobs object

@description('Required. Settings for the jobs of these keys, as JSON; empty for none.')
param appkit string

@description('Required. Origins whose pages may call the API from a browser; empty for none.')
param allowedOrigins array

@description('Required. Tenant of the users on whose behalf the app may act; empty to disable this.')
param delegationTenantId string

@description('Required. App registration for acting on behalf of users; empty to disable this.')
param delegationClientId string

var alwaysReady = concat(
  alwaysReadyDurable > 0 ? [{ name: 'durable', instanceCount: alwaysReadyDurable }] : [],
  alwaysReadyHttp > 0 ? [{ name: 'http', instanceCount: alwaysReadyHttp }] : []
)

// All settings of the app. docs/reference/settings.md lists the reader of each.
var settings = {
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: identityClientId
  AzureWebJobsStorage__blobServiceUri: hostStorage.properties.primaryEndpoints.blob
  AzureWebJobsStorage__queueServiceUri: hostStorage.properties.primaryEndpoints.queue
  AzureWebJobsStorage__tableServiceUri: hostStorage.properties.primaryEndpoints.table
  APPLICATIONINSIGHTS_CONNECTION_STRING: applicationInsights.properties.ConnectionString
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
  AZURE_CLIENT_ID: identityClientId
  AZURE_FUNCTIONS_DURABLE_STRICT_TYPING: '1'
  // The console answers at the root, where the host would show a page of its own.
  AzureWebJobsDisableHomepage: 'true'
  OTEL_SERVICE_NAME: name
  OTEL_TRACES_SAMPLER: 'parentbased_traceidratio'
  // Bicep has no fractions.
  OTEL_TRACES_SAMPLER_ARG: traceSamplePercent == 100 ? '1.0' : '0.${padLeft(traceSamplePercent, 2, '0')}'
  PYTHON_ENABLE_OPENTELEMETRY: 'true'
  PYTHON_THREADPOOL_THREAD_COUNT: '48'
  TASKHUB_NAME: taskHubName
  WEBSITE_AUTH_AAD_ALLOWED_TENANTS: authTenantId
  WEBSITE_AUTH_PRM_DEFAULT_WITH_SCOPES: authScope
  // With access keys, App Service lets requests without a token through, so MCP requires a key of the host.
  AzureFunctionsJobHost__extensions__mcp__system__webhookAuthorizationLevel: empty(accessKeys) ? 'Anonymous' : 'System'
  POLYSYNC_STORAGE__credential: 'managedidentity'
  POLYSYNC_STORAGE__clientId: identityClientId
  POLYSYNC_STORAGE__queueServiceUri: dataStorage.properties.primaryEndpoints.queue
  POLYSYNC_STORAGE__tableServiceUri: dataStorage.properties.primaryEndpoints.table
  POLYSYNC_ENVIRONMENT: 'production'
  POLYSYNC_ALLOW_LOOPBACK_PLATFORMS: 'false'
  POLYSYNC_PROMETHEUS: 'false'
  POLYSYNC_ACCESS_KEYS: accessKeys
  POLYSYNC_PRIVATE_HOSTS: privateHosts
  POLYSYNC_RUN_EVENTS_QUEUE: runEventsQueue
  POLYSYNC_PUBLIC_URL: publicUrl
  POLYSYNC_OPENLINEAGE_URL: lineageUrl
  POLYSYNC_OPENLINEAGE_KEY: lineageKey
  POLYSYNC_OPENLINEAGE_NAMESPACE: lineageNamespace
  POLYSYNC_NAME: deploymentName
  POLYSYNC_COLOUR: deploymentColour
  POLYSYNC_CONTACT: deploymentContact
  POLYSYNC_WEBHOOK_ATTEMPTS: string(webhookAttempts)
  POLYSYNC_WEBHOOK_FIRST_DELAY_SECONDS: string(webhookFirstDelaySeconds)
  POLYSYNC_RUN_RETENTION_DAYS: string(runRetentionDays)
  POLYSYNC_ENGINE_RETENTION_DAYS: string(engineRetentionDays)
  POLYSYNC_DRIFT_CHECK: driftCheck ? 'true' : 'false'
  POLYSYNC_APPKIT: appkit
  POLYSYNC_DELEGATION_TENANT_ID: delegationTenantId
  POLYSYNC_DELEGATION_CLIENT_ID: delegationClientId
  DATABRICKS_HOST: databricksHost
}

// Settings of this form override host.json, which configures Azure Storage.
var schedulerSettings = {
  DURABLE_TASK_SCHEDULER_CONNECTION_STRING: 'Endpoint=${schedulerEndpoint};Authentication=ManagedIdentity;ClientID=${identityClientId}'
  AzureFunctionsJobHost__extensions__durableTask__storageProvider__type: 'azureManaged'
  AzureFunctionsJobHost__extensions__durableTask__storageProvider__connectionStringName: 'DURABLE_TASK_SCHEDULER_CONNECTION_STRING'
}

resource hostStorage 'Microsoft.Storage/storageAccounts@2023-05-01' existing = {
  name: hostStorageName
}

resource dataStorage 'Microsoft.Storage/storageAccounts@2023-05-01' existing = {
  name: dataStorageName
}

resource applicationInsights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: applicationInsightsName
}

resource plan 'Microsoft.Web/serverfarms@2024-04-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: {
    tier: 'FlexConsumption'
    name: 'FC1'
  }
  properties: {
    reserved: true
  }
}

resource app 'Microsoft.Web/sites@2024-04-01' = {
  name: name
  location: location
  tags: union(tags, { 'azd-service-name': 'orchestrator' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identityId}': {}
    }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    clientCertEnabled: false
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    siteConfig: {
      http20Enabled: true
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      // App Service answers preflight requests itself, because its authentication would refuse them.
      cors: empty(allowedOrigins) ? null : { allowedOrigins: allowedOrigins, supportCredentials: false }
    }
    functionAppConfig: {
      runtime: {
        name: 'python'
        version: '3.13'
      }
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${hostStorage.properties.primaryEndpoints.blob}${packageContainerName}'
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstanceCount
        alwaysReady: alwaysReady
        triggers: {
          http: {
            perInstanceConcurrency: httpConcurrency
          }
        }
      }
    }
  }
}

resource appSettings 'Microsoft.Web/sites/config@2024-04-01' = {
  parent: app
  name: 'appsettings'
  properties: union(settings, databricksJobs, empty(schedulerEndpoint) ? {} : schedulerSettings)
}

// Deployments sign in through Entra. Publishing passwords are disabled. Two concurrent changes of an app conflict, so each
// of these waits for the one before.
resource ftpPublishing 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-04-01' = {
  parent: app
  name: 'ftp'
  dependsOn: [
    appSettings
  ]
  properties: {
    allow: false
  }
}

resource scmPublishing 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-04-01' = {
  parent: app
  name: 'scm'
  dependsOn: [
    ftpPublishing
  ]
  properties: {
    allow: false
  }
}

resource platformLogs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = if (!empty(logs)) {
  name: 'logs'
  scope: app
  properties: {
    workspaceId: workspaceId
    logs: map(logs, category => { category: category, enabled: true })
  }
}

@description('The name of the app.')
output name string = app.name

@description('The host name of the app.')
output hostName string = app.properties.defaultHostName
