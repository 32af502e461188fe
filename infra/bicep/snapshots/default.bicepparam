using '../main.bicep'

param environmentName = 'dev'
param location = 'westeurope'
param authClientId = '00000000-0000-4000-8000-000000000001'
param authTenantId = '00000000-0000-0000-0000-0000000000ff'
