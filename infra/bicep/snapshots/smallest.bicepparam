using '../main.bicep'

param environmentName = 'small'
param location = 'northeurope'
param authClientId = '00000000-0000-4000-8000-000000000001'
param authTenantId = '00000000-0000-0000-0000-0000000000ff'
param instanceMemoryMB = 512
param maximumInstanceCount = 1
param dataStorageSku = 'Standard_LRS'
param logDailyCapGb = 1
param runRetentionDays = 7
param engineRetentionDays = 1
