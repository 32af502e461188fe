@description('Required. Name of the function app.')
param appName string

@description('Required. Client id of the app registration.')
param clientId string

@description('Required. Audience of the tokens of version 1.')
param identifierUri string

@description('Required. Tenant whose tokens are accepted.')
param tenantId string

@description('Required. Whether machines may call with keys, which App Service does not know: it lets requests without a token through.')
param keysAllowed bool

@description('Required. Client ids of further applications whose tokens are accepted.')
param allowedApplications array

@description('Required. Whether the tokens of users are kept, and given to the app with their requests.')
param keepUserTokens bool

resource app 'Microsoft.Web/sites@2024-04-01' existing = {
  name: appName
}

// App Service only validates tokens. It redirects no caller to a sign-in page, so it needs no client secret.
resource authentication 'Microsoft.Web/sites/config@2024-04-01' = {
  parent: app
  name: 'authsettingsV2'
  properties: {
    platform: {
      enabled: true
      runtimeVersion: '~1'
    }
    globalValidation: {
      requireAuthentication: !keysAllowed
      unauthenticatedClientAction: keysAllowed ? 'AllowAnonymous' : 'Return401'
      excludedPaths: [
        '/api/health'
        // The way from a browser without a session to the sign-in.
        '/'
        '/console/sign-in'
        '/console/static/*'
      ]
    }
    httpSettings: {
      requireHttps: true
    }
    identityProviders: {
      azureActiveDirectory: {
        enabled: true
        registration: {
          clientId: clientId
          openIdIssuer: '${environment().authentication.loginEndpoint}${tenantId}/v2.0'
        }
        validation: {
          allowedAudiences: [
            clientId
            identifierUri
          ]
          defaultAuthorizationPolicy: {
            allowedApplications: union([clientId], allowedApplications)
          }
        }
      }
    }
    login: {
      tokenStore: {
        enabled: keepUserTokens
      }
    }
  }
}
