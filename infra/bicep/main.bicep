targetScope = 'subscription'

// All modules are local files, so `bicep build` needs no module registry.

@description('Required. Name of the environment, for example dev or prod. Every name is derived from it.')
@minLength(1)
@maxLength(40)
param environmentName string

@description('Required. Region of every resource; it must offer the Flex Consumption plan.')
@minLength(1)
@metadata({
  azd: {
    type: 'location'
  }
})
param location string

@description('Required. Client id of the app registration that callers ask for tokens, made beforehand with the app roles of infra/entra/app-roles.json.')
@minLength(36)
@maxLength(36)
param authClientId string

@description('Optional. Audience of the tokens of version 1; those of version 2 name the client id.')
param authIdentifierUri string = 'api://${authClientId}'

@description('Optional. Tenant whose tokens are accepted.')
param authTenantId string = tenant().tenantId

@description('Optional. Client ids, separated by commas, of the applications whose tokens are accepted besides those of the app registration itself.')
param authAllowedApplications string = ''

@description('Optional. Keys of machines that cannot sign in: name:role:sha256 entries between commas, as `polysync access-key` makes them. With the first of them App Service lets requests without a token through, and the app refuses those without a key.')
param accessKeys string = ''

@description('Optional. Names of hosts, between commas, that may be at private addresses, such as a HashiCorp Vault or a platform behind a private endpoint. All others are refused there.')
param privateHosts string = ''

@description('Optional. Name of the resource group that is created.')
param resourceGroupName string = 'rg-polysync-${environmentName}'

@description('Optional. Tags of all resources.')
param tags object = {}

@description('Optional. Storage provider of the orchestrations. A change needs an empty task hub, because no state is moved.')
@allowed([
  'AzureStorage'
  'DurableTaskScheduler'
])
param backend string = 'AzureStorage'

@description('Optional. Percentage of the traces of runs that are kept, each with all its spans. Metrics and logs are complete at any value.')
@minValue(0)
@maxValue(100)
param traceSamplePercent int = 100

@description('Optional. Version of the task hub, a part of its name. A higher version gives the app a new, empty engine.')
@minValue(1)
@maxValue(999)
param taskHubVersion int = 1

@description('Optional. Days for which the Durable Task Scheduler keeps ended orchestrations.')
@minValue(1)
@maxValue(30)
param schedulerRetentionDays int = 7

@description('Optional. Memory of an instance in MB; it also decides its share of CPU.')
@allowed([
  512
  2048
  4096
])
param instanceMemoryMB int = 2048

@description('Optional. Maximum number of instances of a function group.')
@minValue(1)
@maxValue(1000)
param maximumInstanceCount int = 40

@description('Optional. Maximum number of concurrent requests per instance, including streams.')
@minValue(1)
@maxValue(1000)
param httpConcurrency int = 16

@description('Optional. Always-ready instances for orchestrations. 0 scales to zero; 1 avoids the cold start of a run and is billed while idle.')
@minValue(0)
param alwaysReadyDurable int = 0

@description('Optional. Always-ready instances for the HTTP API; 0 scales to zero.')
@minValue(0)
param alwaysReadyHttp int = 0

@description('Optional. Redundancy of the account of definitions and runs.')
@allowed([
  'Standard_LRS'
  'Standard_ZRS'
  'Standard_GRS'
  'Standard_GZRS'
])
param dataStorageSku string = 'Standard_ZRS'

@description('Optional. Redundancy of the account of the Functions host; its data can be recreated.')
@allowed([
  'Standard_LRS'
  'Standard_ZRS'
])
param hostStorageSku string = 'Standard_LRS'

@description('Optional. Whether storage and vault are reached through a virtual network only.')
param privateNetworking bool = false

@description('Optional. Address space of the virtual network, at least a /24.')
param networkAddressPrefix string = '10.20.0.0/24'

@description('Optional. Days for which logs are kept.')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 30

@description('Optional. Daily cap of log ingestion in GB; -1 for no limit.')
param logDailyCapGb int = -1

@description('Optional. Logs of storage accounts, app, scheduler and workspace that the workspace takes: Changes has writes, sign-ins and queries of logs; All has reads and the log of the host too. Both are billed by GB.')
@allowed([
  'Off'
  'Changes'
  'All'
])
param resourceLogs string = 'Off'

@description('Optional. Days for which a deleted secret or vault can be recovered.')
@minValue(7)
@maxValue(90)
param vaultRetentionDays int = 90

@description('Optional. Whether the vault of an earlier deployment of this environment, which is deleted but kept, is recovered. The deployment fails without it, because the name is taken.')
param vaultRecover bool = false

@description('Optional. Object id of the principal that may write secrets into the vault; none by default.')
param vaultOfficerId string = ''

@description('Optional. Kind of vaultOfficerId.')
@allowed([
  'User'
  'Group'
  'ServicePrincipal'
])
param vaultOfficerType string = 'User'

@description('Optional. Name of a queue that every change of status of a run is put into, for a consumer of your own. Empty means that no queue receives events.')
@maxLength(63)
param runEventsQueue string = ''

@description('Optional. Address of this deployment with which links in notifications begin, such as https://polysync.example.com. Empty means the host name of the app.')
@maxLength(300)
param publicUrl string = ''

@description('Optional. Address of an OpenLineage service that receives the lineage of runs. Empty means that no lineage is sent.')
@maxLength(300)
param lineageUrl string = ''

@description('Optional. Reference of the API key of the OpenLineage service, as vault://VAULT/SECRET.')
@maxLength(400)
param lineageKey string = ''

@description('Optional. Namespace of the Tasks in the lineage.')
@maxLength(200)
param lineageNamespace string = ''

@description('Optional. Name of this deployment, such as Production, that each page of the console shows.')
@maxLength(40)
param deploymentName string = ''

@description('Optional. Who gives roles in this deployment, such as an address of a team. The console shows it to people without a role.')
@maxLength(200)
param deploymentContact string = ''

@description('Optional. Colour behind the name of this deployment in the console.')
@allowed([
  'grey'
  'blue'
  'green'
  'amber'
  'red'
])
param deploymentColour string = 'grey'

@description('Optional. Number of delivery attempts for a webhook event before it is abandoned.')
@minValue(1)
@maxValue(50)
param webhookAttempts int = 8

@description('Optional. Seconds before the second delivery attempt; later ones have a longer back-off.')
@minValue(1)
@maxValue(3600)
param webhookFirstDelaySeconds int = 10

@description('Optional. Minimum number of days for which ended runs, audit entries and poison messages are kept.')
@minValue(1)
@maxValue(3650)
param runRetentionDays int = 90

@description('Optional. Days for which the engine keeps the histories of ended orchestrations.')
@minValue(1)
@maxValue(365)
param engineRetentionDays int = 7

@description('Optional. Whether every Job is compared with its artefact each night.')
param driftCheck bool = false

@description('Optional. Address of the Databricks workspace whose jobs are run by short keys, such as https://adb-1234567890123456.7.azuredatabricks.net; the identity of the app must be a user of it.')
param databricksHost string = ''

@description('Optional. Numbers of Databricks jobs by their variables, such as { DATABRICKS_JOB_ETL: \'620987654321098\' } for the key etl.')
param databricksJobs object = {}

@description('Optional. Settings for the jobs of these keys; docs/reference/appkit.md lists them.')
param appkit object = {}

@description('Optional. Storage accounts whose new files start Tasks, such as [ { accountId: \'/subscriptions/…\' } ]; add location if the account is in another region. Each account may have one system topic.')
param fileEvents array = []

@description('Optional. Origins whose pages may call the API from a browser, such as [ \'https://app.example.com\' ]; name each one, because * would allow every site.')
param allowedOrigins array = []

@description('Optional. Whether the app may run Databricks jobs on behalf of its callers; the app registration must trust the identity of the app.')
param actForUsers bool = false

@description('Optional. E-mail address for alerts; if empty, alerts appear only in the portal.')
param alertEmail string = ''

@description('Optional. Minutes of waiting in the queue after which an alert is raised.')
@minValue(1)
@maxValue(10080)
param queueAgeMinutes int = 60

var abbreviations = loadJsonContent('abbreviations.json')
var token = toLower(uniqueString(subscription().id, environmentName, location))
var allTags = union(tags, { 'azd-env-name': environmentName })
var changesOfStorage = ['StorageWrite', 'StorageDelete']
var signIns = ['AppServiceAuthenticationLogs']
// docs/reference/cost.md has the amounts.
var storageLogs = {
  Off: []
  Changes: changesOfStorage
  All: concat(['StorageRead'], changesOfStorage)
}[resourceLogs]
var appLogs = {
  Off: []
  Changes: signIns
  All: concat(['FunctionAppLogs'], signIns)
}[resourceLogs]
var useScheduler = backend == 'DurableTaskScheduler'

var appName = '${abbreviations.functionApp}polysync-${token}'
var applicationInsightsName = '${abbreviations.applicationInsights}polysync-${token}'
var dataStorageName = '${abbreviations.storageAccount}data${token}'
var hostStorageName = '${abbreviations.storageAccount}host${token}'
var identityName = '${abbreviations.managedIdentity}polysync-${token}'
var networkName = '${abbreviations.virtualNetwork}polysync-${token}'
var packageContainerName = 'app-package'
var planName = '${abbreviations.serverFarm}polysync-${token}'
var runRequests = 'run-requests'
var schedulerName = '${abbreviations.scheduler}polysync-${token}'
var taskHubName = 'polysync${token}v${taskHubVersion}'
var vaultName = '${abbreviations.keyVault}${token}'
var workspaceName = '${abbreviations.logAnalyticsWorkspace}polysync-${token}'

resource group 'Microsoft.Resources/resourceGroups@2024-03-01' = {
  name: resourceGroupName
  location: location
  tags: allTags
}

module identity './modules/identity.bicep' = {
  name: 'identity'
  scope: group
  params: {
    name: identityName
    location: location
    tags: allTags
  }
}

module eventsIdentity './modules/identity.bicep' = if (!empty(fileEvents)) {
  name: 'events-identity'
  scope: group
  params: {
    name: '${identityName}-events'
    location: location
    tags: allTags
  }
}

module monitoring './modules/monitoring.bicep' = {
  name: 'monitoring'
  scope: group
  params: {
    workspaceName: workspaceName
    applicationInsightsName: applicationInsightsName
    location: location
    tags: allTags
    retentionDays: logRetentionDays
    dailyCapGb: logDailyCapGb
    logQueries: resourceLogs != 'Off'
  }
}

module alerts './modules/alerts.bicep' = {
  name: 'alerts'
  scope: group
  params: {
    applicationInsightsName: monitoring.outputs.applicationInsightsName
    prefix: appName
    location: location
    tags: allTags
    email: alertEmail
    queueAgeMinutes: queueAgeMinutes
  }
}

module hostStorage './modules/storage.bicep' = {
  name: 'host-storage'
  scope: group
  params: {
    name: hostStorageName
    location: location
    tags: allTags
    sku: hostStorageSku
    workspaceId: monitoring.outputs.workspaceId
    logs: storageLogs
    containers: [
      packageContainerName
    ]
    privateNetworking: privateNetworking
  }
}

module dataStorage './modules/storage.bicep' = {
  name: 'data-storage'
  scope: group
  params: {
    name: dataStorageName
    location: location
    tags: allTags
    sku: dataStorageSku
    workspaceId: monitoring.outputs.workspaceId
    logs: storageLogs
    privateNetworking: privateNetworking
    trustedServices: !empty(fileEvents)
  }
}

module eventsQueue './modules/queue.bicep' = if (!empty(fileEvents)) {
  name: 'events-queue'
  scope: group
  params: {
    storageName: dataStorage.outputs.name
    name: runRequests
  }
}

module vault './modules/vault.bicep' = {
  name: 'vault'
  scope: group
  params: {
    name: vaultName
    location: location
    tags: allTags
    retentionDays: vaultRetentionDays
    workspaceId: monitoring.outputs.workspaceId
    privateNetworking: privateNetworking
    recover: vaultRecover
  }
}

module scheduler './modules/scheduler.bicep' = if (useScheduler) {
  name: 'scheduler'
  scope: group
  params: {
    name: schedulerName
    taskHubName: taskHubName
    location: location
    tags: allTags
    retentionDays: schedulerRetentionDays
    workspaceId: monitoring.outputs.workspaceId
    logAll: resourceLogs == 'All'
  }
}

module network './modules/network.bicep' = if (privateNetworking) {
  name: 'network'
  scope: group
  params: {
    name: networkName
    location: location
    tags: allTags
    addressPrefix: networkAddressPrefix
    hostStorageId: hostStorage.outputs.id
    dataStorageId: dataStorage.outputs.id
    vaultId: vault.outputs.id
  }
}

module rbac './modules/rbac.bicep' = {
  name: 'rbac'
  scope: group
  dependsOn: [
    scheduler
    eventsQueue
  ]
  params: {
    principalId: identity.outputs.principalId
    hostStorageName: hostStorage.outputs.name
    dataStorageName: dataStorage.outputs.name
    vaultName: vault.outputs.name
    applicationInsightsName: monitoring.outputs.applicationInsightsName
    useScheduler: useScheduler
    schedulerName: schedulerName
    taskHubName: taskHubName
    vaultOfficerId: vaultOfficerId
    vaultOfficerType: vaultOfficerType
    eventsPrincipalId: empty(fileEvents) ? '' : eventsIdentity!.outputs.principalId
    eventsQueueName: runRequests
  }
}

module events './modules/events.bicep' = if (!empty(fileEvents)) {
  name: 'events'
  scope: group
  dependsOn: [
    rbac
  ]
  params: {
    accounts: fileEvents
    location: location
    tags: allTags
    identityId: eventsIdentity!.outputs.id
    dataStorageName: dataStorage.outputs.name
    queueName: runRequests
  }
}

module app './modules/app.bicep' = {
  name: 'app'
  scope: group
  // The app cannot start before its identity has its roles.
  dependsOn: [
    rbac
  ]
  params: {
    name: appName
    planName: planName
    location: location
    tags: allTags
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    hostStorageName: hostStorage.outputs.name
    dataStorageName: dataStorage.outputs.name
    packageContainerName: packageContainerName
    applicationInsightsName: monitoring.outputs.applicationInsightsName
    workspaceId: monitoring.outputs.workspaceId
    logs: appLogs
    taskHubName: taskHubName
    schedulerEndpoint: useScheduler ? scheduler.?outputs.endpoint ?? '' : ''
    subnetId: privateNetworking ? network.?outputs.appSubnetId ?? '' : ''
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    httpConcurrency: httpConcurrency
    alwaysReadyDurable: alwaysReadyDurable
    alwaysReadyHttp: alwaysReadyHttp
    authTenantId: authTenantId
    authScope: '${authIdentifierUri}/user_impersonation'
    accessKeys: accessKeys
    privateHosts: privateHosts
    runEventsQueue: runEventsQueue
    publicUrl: publicUrl
    lineageUrl: lineageUrl
    lineageKey: lineageKey
    lineageNamespace: lineageNamespace
    deploymentName: deploymentName
    deploymentColour: deploymentColour
    deploymentContact: deploymentContact
    webhookAttempts: webhookAttempts
    webhookFirstDelaySeconds: webhookFirstDelaySeconds
    runRetentionDays: runRetentionDays
    engineRetentionDays: engineRetentionDays
    traceSamplePercent: traceSamplePercent
    driftCheck: driftCheck
    databricksHost: databricksHost
    databricksJobs: databricksJobs
    appkit: empty(appkit) ? '' : string(appkit)
    allowedOrigins: allowedOrigins
    delegationTenantId: actForUsers ? authTenantId : ''
    delegationClientId: actForUsers ? authClientId : ''
  }
}

module authentication './modules/authentication.bicep' = {
  name: 'authentication'
  scope: group
  params: {
    appName: app.outputs.name
    clientId: authClientId
    identifierUri: authIdentifierUri
    tenantId: authTenantId
    keysAllowed: !empty(accessKeys)
    allowedApplications: empty(authAllowedApplications) ? [] : split(authAllowedApplications, ',')
    keepUserTokens: actForUsers
  }
}

@description('The resource group of all resources.')
output AZURE_RESOURCE_GROUP string = group.name

@description('The name of the function app.')
output POLYSYNC_APP_NAME string = app.outputs.name

@description('The address for POLYSYNC_URL, the command line and scripts/smoke.py.')
output POLYSYNC_URL string = 'https://${app.outputs.hostName}/api'

@description('The client id of the app\'s identity, for definitions that sign in as ManagedIdentity.')
output POLYSYNC_IDENTITY_CLIENT_ID string = identity.outputs.clientId

@description('The principal id of the app\'s identity, for role assignments on the platforms.')
output POLYSYNC_IDENTITY_PRINCIPAL_ID string = identity.outputs.principalId

@description('The address of the vault, for definitions.')
output POLYSYNC_VAULT_URL string = vault.outputs.url

@description('The account of definitions, runs and queues, for readers of the run events.')
output POLYSYNC_DATA_STORAGE string = dataStorage.outputs.name
